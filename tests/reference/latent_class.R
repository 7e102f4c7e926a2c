# Two tests without a gold standard, by importance sampling from the prior: another method than the package's chains.
# Counts: both positive, first only, second only, neither. Priors: beta(alpha, beta). Rscript latent_class.R > latent_class.json
library(jsonlite)
set.seed(1)

quantiles <- function(x, w) {
  o <- order(x)
  approx(cumsum(w[o]), x[o], c(0.025, 0.5, 0.975), ties = "ordered")$y
}

posterior <- function(counts, priors, dependence, n = 6e6) {
  draw <- function(name) rbeta(n, priors[[name]][1], priors[[name]][2])
  p <- draw("prevalence")
  s1 <- draw("sensitivity_1"); c1 <- draw("specificity_1")
  s2 <- draw("sensitivity_2"); c2 <- draw("specificity_2")
  fraction <- function(upper, lower) switch(dependence, none = 0, positive = runif(n) * upper,
                                            either = lower + runif(n) * (upper - lower))
  cs <- fraction(pmin(s1, s2) - s1 * s2, -pmin(s1 * s2, (1 - s1) * (1 - s2)))
  cc <- fraction(pmin(c1, c2) - c1 * c2, -pmin(c1 * c2, (1 - c1) * (1 - c2)))
  lik <- counts[1] * log(p * (s1 * s2 + cs) + (1 - p) * ((1 - c1) * (1 - c2) + cc)) +
    counts[2] * log(p * (s1 * (1 - s2) - cs) + (1 - p) * ((1 - c1) * c2 - cc)) +
    counts[3] * log(p * ((1 - s1) * s2 - cs) + (1 - p) * (c1 * (1 - c2) - cc)) +
    counts[4] * log(p * ((1 - s1) * (1 - s2) + cs) + (1 - p) * (c1 * c2 + cc))
  w <- exp(lik - max(lik)); w <- w / sum(w)
  keep <- w > 1e-12
  values <- list(prevalence = p, sensitivity_1 = s1, specificity_1 = c1, sensitivity_2 = s2, specificity_2 = c2)
  if (dependence != "none") values <- c(values, list(covariance_cases = cs, covariance_others = cc))
  list(counts = counts, priors = priors, dependence = dependence, draws = n, effective = 1 / sum(w^2),
       quantiles = lapply(values, function(x) quantiles(x[keep], w[keep] / sum(w[keep]))))
}

strongyloides <- list(prevalence = c(1, 1), sensitivity_1 = c(4.44, 13.31), specificity_1 = c(71.25, 3.75),
                      sensitivity_2 = c(21.96, 5.49), specificity_2 = c(4.1, 1.76))
rare <- list(prevalence = c(1, 4), sensitivity_1 = c(2, 2), specificity_1 = c(20, 1),
             sensitivity_2 = c(6, 2), specificity_2 = c(20, 1.5))
counts <- c(38, 2, 87, 35)
cat(toJSON(list(strongyloides_none = posterior(counts, strongyloides, "none"),
                strongyloides_positive = posterior(counts, strongyloides, "positive"),
                strongyloides_either = posterior(counts, strongyloides, "either"),
                rare_positive = posterior(c(4, 3, 25, 268), rare, "positive")), digits = 6, auto_unbox = TRUE, pretty = FALSE))
