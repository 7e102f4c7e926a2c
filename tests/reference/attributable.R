# Makes attributable_survey.json from attributable_people.csv, with R and its package survey: Rscript attributable.R (in
# this folder). The people are made up; the variance is that of the jackknife over PSUs (JKn), a method unlike ours.
suppressMessages(library(survey)); library(jsonlite)
people <- read.csv("attributable_people.csv")
design <- svydesign(id = ~psu, strata = ~stratum, weights = ~weight, nest = TRUE, data = people)
formula <- low ~ metformin + no_supplement * old + age10
fractions <- function(w, data) {
  data$.w <- w / mean(w)
  model <- glm(formula, data = data, weights = .w, family = quasibinomial(),
               control = glm.control(epsilon = 1e-14, maxit = 100))
  without <- function(...) {
    for (name in c(...)) data[[name]] <- 0
    weighted.mean(predict(model, data, type = "response"), w)
  }
  one <- 1 - without("metformin") / without(); other <- 1 - without("no_supplement") / without()
  both <- 1 - without("metformin", "no_supplement") / without()
  c(metformin = one, no_supplement = other, joint = both,
    metformin_average = (one + both - other) / 2, no_supplement_average = (other + both - one) / 2)
}
adults <- subset(as.svrepdesign(design, type = "JKn"), adult == 1)
logs <- withReplicates(adults, function(w, data) log(1 - fractions(w, data)))
model <- svyglm(formula, subset(design, adult == 1), family = quasibinomial(),
                control = glm.control(epsilon = 1e-14, maxit = 100))
bare <- subset(people, adult == 1)
out <- list(names = names(fractions(bare$weight, bare)), estimate = as.numeric(fractions(bare$weight, bare)),
            jackknife_se_log = as.numeric(SE(logs)), coefficient = as.numeric(coef(model)))
write(toJSON(out, digits = I(17), auto_unbox = TRUE, pretty = TRUE), "attributable_survey.json")
