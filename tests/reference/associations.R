# Makes associations.json, with R and its package survey (in this folder):
#   Rscript associations.R FOLDER      (the US survey's tables as CSV, of which R reads and derives what it needs by itself)
suppressMessages(library(survey)); library(jsonlite)
options(survey.lonely.psu = "fail")
num <- function(x) as.numeric(x)
exact <- glm.control(epsilon = 1e-14, maxit = 100)
said <- function(m, d) list(term = names(coef(m)), coefficient = num(coef(m)), se = num(SE(m)), n = nobs(m), df = degf(d))
# people of the subset of the design with every variable of the formula: who has one marker only is in its models
fit <- function(d, f, family = quasibinomial()) {
  s <- subset(d, complete.cases(d$variables[, all.vars(f)]))
  said(svyglm(f, s, family = family, control = exact), s)
}

made <- read.csv("survey_people.csv")
made <- subset(svydesign(id = ~psu, strata = ~stratum, weights = ~weight, nest = TRUE, data = made), adult == 1)
made_up <- list(linear = fit(made, b12 ~ age10 + woman + place, gaussian()), linear_log = fit(made, log(b12) ~ age10 + woman + place, gaussian()))

folder <- commandArgs(TRUE)[1]
people <- read.csv(file.path(folder, "derived", "nhanes_b12_analysis.csv.gz"))
body <- do.call(rbind, lapply(c("BMX", "BMX_B", "BMX_C"), function(t) read.csv(file.path(folder, "tables", paste0(t, ".csv.xz")))[, c("SEQN", "BMXHT")]))
people$height <- body$BMXHT[match(people$seqn, body$SEQN)]
raw <- people$creatinine_mg_dl_raw
scr <- ifelse(people$cycle == "1999-2000", 1.013 * raw + 0.147, raw)
female <- people$sex == 2
kappa <- ifelse(female, 0.7, 0.9); alpha <- ifelse(female, -0.241, -0.302)
people$egfr <- log(142 * pmin(scr / kappa, 1)^alpha * pmax(scr / kappa, 1)^-1.2 * 0.9938^people$age * ifelse(female, 1.012, 1))  # its logarithm is what is adjusted for
people$age10 <- (people$age - 60) / 10
people$band <- cut(people$age, c(0, 50, 60, 70, 80, 120), right = FALSE)
people$woman <- as.numeric(female)
people$race <- factor(people$ridreth1)
people$dm <- ifelse(people$diq010 == 1, 1, ifelse(people$diq010 %in% 2:3, 0, NA))
left <- ifelse(people$insensate_left >= 0, people$insensate_left, NA); right <- ifelse(people$insensate_right >= 0, people$insensate_right, NA)
either <- (!is.na(left) & left >= 1) | (!is.na(right) & right >= 1)
people$neuropathy <- ifelse(either, 1, ifelse(is.na(left) | is.na(right), NA, 0))
people$two_sites <- as.numeric(left + right >= 2)
yes_no <- function(x) ifelse(x == 1, 1, ifelse(x == 2, 0, NA))
people$diq100_numb <- yes_no(people$diq100_numb); people$diq120_tingle <- yes_no(people$diq120_tingle)
people$b12 <- people$b12_pmol_l
people$status <- relevel(factor(ifelse(people$b12 < 148, "below", ifelse(people$b12 <= 221, "marginal", "above"))), "above")
people$halvings <- -log2(people$b12)
people$mma <- people$mma_nmol_l
people$raised <- as.numeric(people$mma > 271)
people$doublings <- log2(people$mma)
people$b12_148 <- as.numeric(people$b12 < 148)
people$b12_221 <- as.numeric(people$b12 <= 221)

pool <- function(cycles) {
  d <- subset(people, cycle %in% cycles & wtmec2yr > 0)
  early <- d$cycle %in% c("1999-2000", "2001-2002")
  d$w <- ifelse(early, 2 * d$wtmec4yr, d$wtmec2yr) / length(cycles)
  svydesign(id = ~sdmvpsu, strata = ~sdmvstra, weights = ~w, nest = TRUE, data = d)
}
early <- subset(pool(c("1999-2000", "2001-2002", "2003-2004")), age >= 40)
late <- subset(pool(c("2011-2012", "2013-2014")), age >= 40)
known <- function(d) subset(d, !is.na(b12))
adjusted <- list(crude = NULL, age_sex = c("age10", "woman"), diabetes = c("age10", "woman", "dm"),
  diabetes_hba1c = c("age10", "woman", "dm", "hba1c_pct"), height_ethnicity = c("age10", "woman", "height", "race"),
  egfr = c("age10", "woman", "egfr"), age_bands = c("band", "woman"), all = c("age10", "woman", "dm", "hba1c_pct", "height", "race", "egfr"))
neuropathy <- list()
for (exposure in c("status", "halvings", "raised", "doublings")) for (set in names(adjusted))
  neuropathy[[paste(exposure, set)]] <- fit(early, reformulate(c(exposure, adjusted[[set]]), "neuropathy"))
for (outcome in c("two_sites", "diq100_numb", "diq120_tingle"))
  neuropathy[[outcome]] <- fit(early, reformulate(c("status", adjusted$all), outcome))
metformin <- list()
for (cycles in c("1999-2004", "2011-2014")) {
  d <- subset(known(if (cycles == "1999-2004") early else late), dm == 1)
  for (marker in c("b12", "mma")) for (set in c("crude", "age_sex", "egfr"))
    metformin[[paste(cycles, marker, set)]] <- fit(d, reformulate(c("metformin", adjusted[[set]]), paste0("log(", marker, ")")), gaussian())
  for (outcome in c("b12_148", "b12_221", "raised")) for (set in c("crude", "age_sex", "egfr"))
    metformin[[paste(cycles, outcome, set)]] <- fit(d, reformulate(c("metformin", adjusted[[set]]), outcome))
}
groups <- list()
for (cycles in c("1999-2004", "2011-2014")) for (exposure in c("metformin", "ppi", "h2ra")) for (outcome in c("b12_221", "raised"))
  groups[[paste(cycles, exposure, outcome)]] <- fit(known(if (cycles == "1999-2004") early else late), reformulate(c(exposure, "age10", "woman", "race"), outcome))
out <- list(made_up = made_up, neuropathy = neuropathy, metformin = metformin, groups = groups,
  versions = list(R = as.character(getRversion()), survey = as.character(packageVersion("survey"))))
write_json(out, "associations.json", digits = NA, auto_unbox = TRUE, pretty = TRUE)
