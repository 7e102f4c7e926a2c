# Makes nhanes_survey.json from the survey's people, with R and its package survey:
#   Rscript nhanes_survey.R people.csv      (seqn, cycle, psu, stratum, weights, age, sex, b12, mma, of whom R is to judge)
suppressMessages(library(survey)); library(jsonlite)
people <- read.csv(commandArgs(TRUE)[1])
num <- function(x) as.numeric(x)
pools <- list("1999-2000" = 1999, "2001-2002" = 2001, "2003-2004" = 2003, "2005-2006" = 2005, "2011-2012" = 2011, "2013-2014" = 2013,
  "1999-2002" = c(1999, 2001), "1999-2004" = c(1999, 2001, 2003), "1999-2006" = c(1999, 2001, 2003, 2005),
  "2003-2006" = c(2003, 2005), "2011-2014" = c(2011, 2013))
pooled <- function(years) {
  d <- subset(people, first %in% years)
  four <- all(c(1999, 2001) %in% years) & d$first %in% c(1999, 2001)
  d$w <- ifelse(four, 2 * d$wtmec4yr, d$wtmec2yr) / length(years)
  d$b12_148 <- ifelse(is.na(d$b12), NA, d$b12 < 148); d$b12_221 <- ifelse(is.na(d$b12), NA, d$b12 <= 221)
  d$mma_271 <- ifelse(is.na(d$mma), NA, d$mma > 271); d$b12_148_or_mma_271 <- ifelse(is.na(d$b12) | is.na(d$mma), NA, d$b12 < 148 | d$mma > 271)
  d$b12_148_roche <- ifelse(is.na(d$roche), NA, d$roche < 148)
  svydesign(id = ~psu, strata = ~stratum, weights = ~w, nest = TRUE, data = d)
}
domains <- list("20+" = quote(age >= 20), "60+ women" = quote(age >= 60 & sex == 2), "70+" = quote(age >= 70))
rows <- list()
for (pool in names(pools)) {
  design <- pooled(pools[[pool]])
  for (domain in names(domains)) for (name in c("b12_148", "b12_221", "mma_271", "b12_148_or_mma_271", "b12_148_roche")) {
    if (name == "b12_148_roche" && max(pools[[pool]]) > 2005) next
    part <- design[with(design$variables, eval(domains[[domain]])) & !is.na(design$variables[[name]]), ]
    # a pool with a cycle that did not measure MMA has no prevalence of raised MMA
    if (nrow(part) == 0 || length(unique(part$variables$first)) < length(pools[[pool]])) next
    f <- make.formula(name); m <- svymean(f, part, deff = "replace"); t <- svytotal(f, part)
    k <- length(coef(m)); ci <- svyciprop(f, part, method = "logit")
    rows[[length(rows) + 1]] <- list(cycles = pool, domain = domain, indicator = name, n = nrow(part), cases = sum(part$variables[[name]]),
      estimate = num(coef(m))[k], se = num(SE(m))[k], deff = num(deff(m))[k], df = degf(part), total = num(coef(t))[k], total_se = num(SE(t))[k],
      logit = num(attr(ci, "ci")))
  }
}
standardised <- list()
for (pool in c("1999-2004", "2011-2014")) for (sex in c("both", "women")) {
  design <- pooled(pools[[pool]]); design <- update(design, band = cut(age, c(20, 40, 60, 200), right = FALSE))
  part <- design[design$variables$age >= 20 & (sex == "both" | design$variables$sex == 2), ]
  s <- svystandardize(part, by = ~band, population = c(77670, 72816, 45364), excluding.missing = ~b12_221)
  m <- svymean(~as.numeric(b12_221), s)
  standardised[[length(standardised) + 1]] <- list(cycles = pool, sex = sex, indicator = "b12_221", n = nrow(s), df = degf(s),
    estimate = num(coef(m)), se = num(SE(m)))
}
write_json(list(prevalence = rows, standardised = standardised), "nhanes_survey.json", digits = NA, auto_unbox = TRUE)
