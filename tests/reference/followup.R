# Recovery of 14 made-up patients: the likelihood by a plain sum over a grid of each patient's three numbers, no nodes
# placed where they help, maximised by optim; limits by its profile. Rscript followup.R > followup.json (half an hour)
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

at <- c(1.1, 0.7, 6.5, log(1), log(0.5), log(2), log(0.7))
start <- optim(at, function(p) -log_likelihood(p), method = "BFGS", control = list(reltol = 1e-7, ndeps = rep(1e-3, 7)))
top <- start$par; height <- -start$value
far <- n * log(1 + qt(0.975, n - 1)^2 / (n - 1)) / 2

limit <- function(k, towards) {
  others <- top[-k]
  excess <- function(value) {
    fit <- optim(others, function(rest) -log_likelihood(append(rest, value, k - 1)), method = "BFGS",
                 control = list(reltol = 1e-6, ndeps = rep(1e-3, 6)))
    others <<- fit$par
    height + fit$value - far
  }
  uniroot(excess, sort(c(top[k] + sign(towards) * 0.02, top[k] + towards)), extendInt = if (towards > 0) "upX" else "downX", tol = 0.01)$root
}
limits <- if (nzchar(Sys.getenv("QUICK"))) NULL else list(ceiling = c(limit(1, -0.8), limit(1, 0.8)), half_time = c(limit(2, -0.5), limit(2, 0.5)))
cat(toJSON(list(at = at, log_likelihood = log_likelihood(at), rounded = log_likelihood(at, 1), estimate = top,
                height = height, limits = limits), digits = 8, auto_unbox = TRUE))
