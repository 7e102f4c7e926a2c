# Makes folate.json with R and its package survey, from the survey's people as b12analysis.nhanes.load returns them:
#   Rscript folate.R 1999_2002.csv 2011_2014.csv     (design, markers, blood counts, diseases as 0 and 1)
suppressMessages(library(survey)); library(jsonlite)
num <- as.numeric
old <- read.csv(commandArgs(TRUE)[1]); new <- read.csv(commandArgs(TRUE)[2])
old$known <- !is.na(old$b12_pmol_l) & !is.na(old$mma_nmol_l) & !is.na(old$folate_serum_nmol_l)
old$low <- num(old$b12_pmol_l < 148 | old$mma_nmol_l > 210); old$high <- num(old$folate_serum_nmol_l > 59)
old$anaemia <- num(old$haemoglobin_g_dl < ifelse(old$sex == "men", 13, 12)); old$cognitive_impairment <- num(old$digit_symbol < 34)
ill <- rowSums(old[, c("stroke", "coronary_disease", "anaemia_treated", "liver_disease", "thyroid_disease", "alcohol_5_daily")]) > 0
old$healthy <- old$age >= 60 & !ill & !is.na(old$creatinine_mg_dl) & old$creatinine_mg_dl <= ifelse(old$sex == "men", 1.4, 1.2) & !is.na(old$digit_symbol)
old$ethnic_group <- ifelse(old$ethnicity == "other Hispanic", "other", old$ethnicity)
design <- svydesign(id = ~psu, strata = ~stratum, weights = ~weight, nest = TRUE, data = old)
groups <- "low:high"; rows <- list(); shares <- list()
for (outcome in c("anaemia", "cognitive_impairment")) for (adjusted in c("crude", "demographic")) {
  part <- design[old$healthy & old$known & !is.na(old[[outcome]]) & (adjusted == "crude" | (!is.na(old$education) & old$education != "")), ]
  f <- paste(outcome, "~ low * high", if (adjusted == "crude") "" else "+ age + sex + ethnic_group + education")
  m <- svyglm(as.formula(f), part, family = quasibinomial(), control = glm.control(epsilon = 1e-14, maxit = 100))
  take <- c("low", "high", groups)
  rows[[length(rows) + 1]] <- list(outcome = outcome, adjusted = adjusted, n = nrow(part), df = degf(part),
    term = take, coefficient = num(coef(m)[take]), se = num(SE(m)[take]))
}
for (outcome in c("anaemia", "cognitive_impairment")) {
  part <- design[old$healthy & old$known & old$low == 1 & old$high == 1 & !is.na(old[[outcome]]), ]
  ci <- svyciprop(make.formula(outcome), part, method = "logit")
  shares[[length(shares) + 1]] <- list(outcome = outcome, n = nrow(part), estimate = num(ci), logit = num(attr(ci, "ci")))
}
cut <- ifelse(new$sex == "men", 13, ifelse(new$pregnant == 1, 11, 12))
new$neither <- num(new$haemoglobin_g_dl >= cut & new$mcv_fl <= 100)
new$deficient <- num(new$b12_pmol_l < 148)
d2 <- svydesign(id = ~psu, strata = ~stratum, weights = ~weight, nest = TRUE, data = new)
part <- d2[!is.na(new$neither) & !is.na(new$deficient) & new$deficient == 1 & new$age >= 20, ]
ci <- svyciprop(~neither, part, method = "logit")
all <- d2[!is.na(new$neither) & !is.na(new$deficient) & new$age >= 60, ]; both <- svyciprop(~I(neither * deficient), all, method = "logit")
unseen <- list(list(of = "deficient", age_band = "20+", n = nrow(part), estimate = num(ci), logit = num(attr(ci, "ci"))),
  list(of = "everybody", age_band = "60+", n = nrow(all), estimate = num(both), logit = num(attr(both, "ci"))))
write_json(list(models = rows, prevalence = shares, unseen = unseen), "folate.json", digits = NA, auto_unbox = TRUE)
