# Makes mma.json with R and its package survey, from the survey's people as b12analysis.nhanes.load returns them:
#   Rscript mma.R 1999_2004.csv 2011_2014.csv     (design, age, sex, eGFR, markers, second measurements, intake)
suppressMessages(library(survey)); library(jsonlite)
num <- as.numeric
old <- read.csv(commandArgs(TRUE)[1]); new <- read.csv(commandArgs(TRUE)[2])
made <- function(people, weights = ~weight) svydesign(id = ~psu, strata = ~stratum, weights = weights, nest = TRUE, data = people)
yes <- function(x) !is.na(x) & x
d <- made(old); out <- list()

# MMA by band of serum B12, ties taken together
median_of <- function(above, to) {
  s <- d[yes(old$age >= 20 & old$egfr >= 60 & old$b12_pmol_l > above & old$b12_pmol_l <= to & !is.na(old$mma_nmol_l)), ]
  q <- oldsvyquantile(~mma_nmol_l, s, c(.1, .5, .9), ties = "rounded", ci = TRUE)
  list(n = nrow(s), df = degf(s), estimate = num(q$quantiles), lower = num(q$CIs[1, , 1]), upper = num(q$CIs[2, , 1]))
}
out$by_serum <- list(`<126` = median_of(0, 126), `148-221` = median_of(148, 221), `>400` = median_of(400, Inf))

# MMA where serum B12 is ample: geometric mean, spread, and the slope on age
ample <- yes(old$age >= 20 & old$egfr >= 60 & old$b12_pmol_l > 400 & !is.na(old$mma_nmol_l))
s <- d[ample & old$age >= 60 & old$age <= 69, ]
m <- svymean(~log(mma_nmol_l), s); v <- svyvar(~log(mma_nmol_l), s)
out$spread <- list(n = nrow(s), mean = num(coef(m)), mean_se = num(SE(m)), variance = num(coef(v)), variance_se = num(SE(v)))
g <- svyglm(log(mma_nmol_l) ~ I(age / 10), d[ample, ])
out$decade <- list(coefficient = num(coef(g)[2]), se = num(SE(g)[2]))

# Serum B12 and MMA per doubling of intake, weighted for the diet day
new$total <- new$b12_intake_ug + new$b12_supplement_ug; new$weight_diet[is.na(new$weight_diet)] <- 0
d2 <- made(new, ~weight_diet)
slope <- function(marker) {
  s <- d2[yes(new$age >= 20 & new$weight_diet > 0 & new$total > 0 & !is.na(new$egfr) & !is.na(new[[marker]])), ]
  g <- svyglm(as.formula(paste0("log(", marker, ") ~ log2(total) + I(age / 10) + sex + log(egfr)")), s)
  list(n = nrow(s), coefficient = num(coef(g)[2]), se = num(SE(g)[2]))
}
out$intake <- list(b12_pmol_l = slope("b12_pmol_l"), mma_nmol_l = slope("mma_nmol_l"))

# Change of MMA expected on a second occasion: PSUs left out in turn, then people examined twice left out in turn
x <- log(cbind(old$mma_nmol_l, old$b12_pmol_l)); y <- log(cbind(old$mma_second_nmol_l, old$b12_second_pmol_l))
apart <- (y - x)[complete.cases(y - x), ]
within <- function(a) crossprod(a) / (2 * nrow(a))
inside <- old$age >= 70 & complete.cases(x)
chosen <- (old$mma_nmol_l >= 260 & old$b12_pmol_l >= 100 & old$b12_pmol_l <= 300)[inside]
change <- function(w, inner) {
  total <- cov.wt(x[inside, ], w[inside], method = "ML"); a <- sweep(x[inside, ], 2, total$center)
  expected <- a %*% solve(total$cov, (total$cov - inner)[, 1])
  weighted.mean((expected - a[, 1])[chosen], w[inside][chosen])
}
r <- withReplicates(as.svrepdesign(d, type = "JKn", mse = TRUE), function(w, data) change(w, within(apart)))
one_out <- sapply(seq_len(nrow(apart)), function(i) change(old$weight, within(apart[-i, ])))
out$second <- list(n = sum(chosen), change = num(r), se_survey = num(SE(r)),
  se_twice = sqrt((nrow(apart) - 1) * mean((one_out - mean(one_out))^2)))
write_json(out, "mma.json", digits = NA, auto_unbox = TRUE)
