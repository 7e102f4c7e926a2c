# Makes risk_groups.json from the survey's people, with R and its package survey:
#   Rscript risk_groups.R people.csv
# people.csv: b12analysis.nhanes.load(...) of 1999-2004, 1999-2006 and 2011-2014, each with a column cycles, one below the other, as
# pandas writes it (to_csv). Groups, definitions, weights and combinations are made here anew.
suppressMessages(library(survey)); library(jsonlite)
people <- read.csv(commandArgs(TRUE)[1])
yes <- function(x) ifelse(x %in% c("True", "TRUE"), TRUE, ifelse(x %in% c("False", "FALSE"), FALSE, NA))
for (name in c("metformin", "ppi", "h2ra", "diabetes", "b12_supplement", "pregnant")) people[[name]] <- yes(people[[name]])
people <- within(people, {
  b12_148 <- b12_pmol_l < 148; b12_221 <- b12_pmol_l <= 221; b12_marginal_221 <- b12_pmol_l >= 148 & b12_pmol_l <= 221
  mma_271 <- mma_nmol_l > 271; mma_271_egfr_60 <- ifelse(!is.na(egfr) & egfr >= 60, mma_nmol_l > 271, NA); hcy_15 <- hcy_umol_l > 15
  b12_148_and_mma_271 <- ifelse(is.na(b12_148) | is.na(mma_271), NA, b12_148 & mma_271)
  b12_148_or_mma_271 <- ifelse(is.na(b12_148) | is.na(mma_271), NA, b12_148 | mma_271)
  limit <- ifelse(sex == "men", 13, ifelse(!is.na(pregnant) & pregnant, 11, 12)); anaemia <- haemoglobin_g_dl < limit
  no_diabetes <- !diabetes; diabetes_no_metformin <- diabetes & !metformin
  acid_suppressant <- ppi | h2ra; no_acid_suppressant <- !acid_suppressant
  supplement_users <- b12_supplement; supplement_nonusers <- !b12_supplement
  older_adults <- age >= 60; aged_65_plus <- age >= 65; aged_80_plus <- age >= 80; low_intake <- b12_intake_ug < 2.4
})
num <- function(x) as.numeric(x)
design_of <- function(data, weight) {
  data$w <- data[[weight]]
  svydesign(id = ~psu, strata = ~stratum, weights = ~w, nest = TRUE, data = data)
}
share <- function(design, name, inside) {
  part <- design[which(inside & !is.na(design$variables[[name]]) & design$variables$w > 0), ]
  f <- make.formula(name); m <- svymean(f, part, deff = "replace"); k <- length(coef(m))
  list(n = nrow(part), cases = sum(part$variables[[name]]), estimate = num(coef(m))[k], se = num(SE(m))[k], deff = num(deff(m))[k],
    df = degf(part), logit = num(attr(svyciprop(f, part, method = "logit"), "ci")))
}
rows <- list()
groups <- c("metformin", "diabetes_no_metformin", "no_diabetes", "acid_suppressant", "no_acid_suppressant", "supplement_users",
  "supplement_nonusers", "low_intake", "aged_65_plus", "aged_80_plus")
for (pool in c("1999-2004", "1999-2006", "2011-2014")) {
  data <- people[people$cycles == pool, ]
  designs <- list(weight = design_of(data, "weight"), weight_diet = if (pool != "1999-2006") design_of(data, "weight_diet"))
  for (band in c(20, 40, 60)) for (group in groups) {
    if (grepl("^aged", group) && band > 20) next
    if (pool == "1999-2006" && group %in% c("supplement_users", "supplement_nonusers", "low_intake")) next
    indicators <- if (pool == "1999-2006") c("b12_148", "hcy_15") else c("b12_148", "b12_marginal_221", "b12_148_and_mma_271",
      "b12_148_or_mma_271", "mma_271_egfr_60", "anaemia")
    if (pool != "2011-2014" && band == 40) indicators <- "b12_148"
    design <- designs[[if (group == "low_intake") "weight_diet" else "weight"]]
    label <- list(cycles = pool, age_band = paste0(band, "+"), group = group)
    rows[[length(rows) + 1]] <- c(label, indicator = "exposure", share(design, group, data$age >= band))
    for (name in indicators) rows[[length(rows) + 1]] <- c(label, indicator = name, share(design, name, data$age >= band & data[[group]]))
  }
}
overlaps <- list()
data <- people[people$cycles == "2011-2014", ]
for (intake in c(TRUE, FALSE)) for (band in c(40, 60)) {
  risks <- c("older_adults", "metformin", "acid_suppressant", "supplement_nonusers", "low_intake")
  risks <- risks[c(band < 60, TRUE, TRUE, TRUE, intake)]
  weight <- if (intake) "weight_diet" else "weight"
  known <- rowSums(is.na(data[risks])) == 0 & data$age >= band & data[[weight]] > 0
  names <- apply(data[risks], 1, function(x) if (any(is.na(x))) NA else if (any(x)) paste(risks[x], collapse = " + ") else "none")
  for (indicator in c("b12_148", "mma_271")) for (one in c("none", "supplement_nonusers", "older_adults + supplement_nonusers",
      "metformin + supplement_nonusers", "acid_suppressant + supplement_nonusers", "supplement_nonusers + low_intake")) {
    data$one <- ifelse(known, names == one, FALSE)
    if (!any(data$one)) next
    design <- design_of(data, weight)
    of <- share(design, "one", known); inside <- share(design, indicator, data$one)
    cases <- share(design, "one", known & !is.na(data[[indicator]]) & data[[indicator]])
    overlaps[[length(overlaps) + 1]] <- list(age_band = paste0(band, "+"), intake = intake, combination = one, indicator = indicator,
      people = sum(data$one), unknown = sum(data$age >= band & !known), n = inside$n, cases = inside$cases, share = of$estimate,
      share_logit = of$logit, estimate = inside$estimate, se = inside$se, case_share = cases$estimate)
  }
}
write_json(list(prevalence = rows, overlaps = overlaps), "risk_groups.json", digits = NA, auto_unbox = TRUE)
