# Recovery of 16 made-up patients: the likelihood by a plain sum over a grid of each patient's three numbers, no nodes
# placed where they help, maximised by optim.
# Rscript followup.R > followup.json
library(jsonlite)
people <- read.csv("followup.csv")
people <- people[order(people$patient, people$month), ]
n <- length(unique(people$patient))

grid <- expand.grid(c = seq(-5, 5, 0.25), h = seq(-5, 5, 0.25), d = seq(-5, 5, 0.125))
log_prior <- rowSums(dnorm(as.matrix(grid), log = TRUE)) + log(0.25 * 0.25 * 0.125)
keep <- log_prior > max(log_prior) - 12.5
grid <- grid[keep, ]; log_prior <- log_prior[keep]

# p: logit ceiling, ln half-time (months), mean deficit (points), ln SDs of the three between patients, ln SD of errors
log_likelihood <- function(p, step = 0) {
  s <- exp(p[4:6]); error <- exp(p[7])
  ceiling <- plogis(p[1] + s[1] * grid$c); half_time <- exp(p[2] + s[2] * grid$h); deficit <- p[3] + s[3] * grid$d
  total <- 0
  for (one in split(people, people$patient)) {
    terms <- log_prior
    for (j in seq_len(nrow(one))) {
      m <- if (one$month[j] == 0) deficit else deficit * (1 - ceiling * (1 - 2^(-one$month[j] / half_time)))
      y <- if (step > 0) round(one$score[j] / step) * step else one$score[j]
      terms <- terms + if (y <= 0) pnorm((step / 2 - m) / error, log.p = TRUE)
        else if (y >= 10) pnorm((10 - step / 2 - m) / error, lower.tail = FALSE, log.p = TRUE)
        else if (step == 0) dnorm(y, m, error, log = TRUE)
        else log(pmax(pnorm((y + step / 2 - m) / error) - pnorm((y - step / 2 - m) / error), 1e-300))
    }
    total <- total + max(terms) + log(sum(exp(terms - max(terms))))
  }
  total
}

search <- function(start, value) optim(start, value, method = "BFGS", control = list(reltol = 1e-6, ndeps = rep(1e-3, length(start))))

# The searches start near their ends, for time: each evaluation is a sum over 66,771 points for each patient.
at <- c(0.9, 0.7, 6.5, log(1), log(0.5), log(2), log(0.7))
top <- search(c(0.8, 0.8, 6.3, 0.1, -0.8, 0.7, -0.3), function(p) -log_likelihood(p))

# How far the likelihood, highest over the others, has fallen where ceiling or half-time (logit, ln) are held
held <- list(list(k = 1, value = -0.144, rest = c(0.68, 6.25, 0.42, -1.31, 0.73, -0.33)),
             list(k = 1, value = 2.360, rest = c(1.46, 6.17, 0.28, -0.18, 0.7, -0.29)),
             list(k = 2, value = 0.380, rest = c(0.49, 6.39, 0.13, -0.87, 0.74, -0.32)),
             list(k = 2, value = 1.830, rest = c(1.54, 6.13, -0.56, -0.01, 0.72, -0.3)))
falls <- sapply(held, function(one)
  search(one$rest, function(rest) -log_likelihood(append(rest, one$value, one$k - 1)))$value - top$value)
cat(toJSON(list(at = at, log_likelihood = log_likelihood(at), rounded = log_likelihood(at, 1), estimate = top$par,
                height = -top$value, held = sapply(held, function(one) one$value), falls = falls),
           digits = 8, auto_unbox = TRUE))
