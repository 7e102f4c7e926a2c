# Makes survey.json from survey_people.csv, with R and its package survey: Rscript survey.R (in this folder).
suppressMessages(library(survey)); library(jsonlite)
people <- read.csv("survey_people.csv")
options(survey.lonely.psu = "fail")
design <- svydesign(id = ~psu, strata = ~stratum, weights = ~weight, nest = TRUE, data = people)
num <- function(x) as.numeric(x)
proportion <- function(d, name) {
  s <- subset(d, !is.na(d$variables[[name]])); f <- make.formula(name)
  m <- svymean(f, s, deff = "replace"); t <- svytotal(f, s)
  ci <- lapply(c(logit = "logit", beta = "beta", mean = "mean"), function(k) num(attr(svyciprop(f, s, method = k), "ci")))
  list(n = nrow(s), estimate = num(coef(m)), se = num(SE(m)), deff = num(deff(m)), df = degf(s), total = num(coef(t)),
       total_se = num(SE(t)), ci = ci)
}
quantiles <- function(d, rule) {
  q <- svyquantile(~b12, subset(d, !is.na(b12)), c(.05, .25, .5, .75, .95), qrule = rule)$b12
  list(estimate = num(q[, "quantile"]), lower = num(q[, 2]), upper = num(q[, 3]))
}
rounded <- function(d) {
  q <- oldsvyquantile(~b12, subset(d, !is.na(b12)), c(.05, .25, .5, .75, .95), ties = "rounded", ci = TRUE)
  list(estimate = num(q$quantiles), lower = num(q$CIs[1, , 1]), upper = num(q$CIs[2, , 1]))
}
standard <- function(d) {
  s <- svystandardize(d, by = ~band, population = c(77670, 72816, 45364), excluding.missing = ~low)
  m <- svymean(~low, s); list(estimate = num(coef(m)), se = num(SE(m)))
}
logistic <- svyglm(low ~ age10 + woman + factor(place), subset(design, adult == 1), family = quasibinomial(),
                   control = glm.control(epsilon = 1e-14, maxit = 100))
gm <- svymean(~log(b12), subset(design, !is.na(b12)), deff = "replace"); me <- svymean(~b12, subset(design, !is.na(b12)), deff = "replace")
plain <- svydesign(id = ~1, weights = ~weight, data = people)
lonely <- subset(people, !(stratum == 3 & psu == 2))
single <- function(how) {
  options(survey.lonely.psu = how)
  d <- svydesign(id = ~psu, strata = ~stratum, weights = ~weight, nest = TRUE, data = lonely)
  out <- proportion(d, "low"); out$ci <- NULL; out
}
women <- subset(design, woman == 1); rare <- subset(design, place == "b" & adult == 1)
out <- list(all = proportion(design, "low"), all_raised = proportion(design, "raised"), women = proportion(women, "low"),
  rare = proportion(rare, "low"), unstratified = proportion(plain, "low"), center = single("adjust"), certainty = single("certainty"),
  math = quantiles(design, "math"), hf7 = quantiles(design, "hf7"), rounded = rounded(design), women_hf7 = quantiles(women, "hf7"),
  mean = list(estimate = num(coef(me)), se = num(SE(me)), deff = num(deff(me))),
  log_mean = list(estimate = num(coef(gm)), se = num(SE(gm)), deff = num(deff(gm))),
  standard = standard(design), standard_women = standard(women),
  logistic = list(term = names(coef(logistic)), coefficient = num(coef(logistic)), se = num(SE(logistic)), n = nobs(logistic)),
  versions = list(R = as.character(getRversion()), survey = as.character(packageVersion("survey"))))
write_json(out, "survey.json", digits = NA, auto_unbox = TRUE, pretty = TRUE)
