/* Networks of two inputs, two hidden units and one output, without activation functions; one sample a step, mse, SGD.
 *
 * LANES networks lie side by side, a row for each parameter, and the compiler makes SIMD code of the loops over them.
 * REAL: double or float. FUSED: the rate goes into delta, and sums start at the bias. Without it, and compiled with
 * -ffp-contract=off, every operation is in the order of the harness's exact arithmetic. */

enum { W1_11, W1_12, W1_21, W1_22, B1_1, B1_2, W2_11, W2_12, B2_1, PARAMETERS };
enum { RATE = PARAMETERS, COST, ROWS };

#ifdef FUSED
#define UNIT(w, x, v, y, b) ((b) + (w) * (x) + (v) * (y))
#define SLOPE(error, rate) ((error) * (rate))
#define STEP(rate, gradient) (gradient)
#define FOLDED(rate) (-2 * (rate))
#else
#define UNIT(w, x, v, y, b) ((w) * (x) + (v) * (y) + (b))
#define SLOPE(error, rate) (-2 * (error))
#define STEP(rate, gradient) ((rate) * (gradient))
#define FOLDED(rate) (rate)
#endif

static void learn(REAL row[ROWS][LANES], REAL x1, REAL x2, REAL t)
{
#pragma omp simd
    for (int k = 0; k < LANES; k++) {
        const REAL rate = row[RATE][k], w2_1 = row[W2_11][k], w2_2 = row[W2_12][k];
        const REAL a1 = UNIT(row[W1_11][k], x1, row[W1_12][k], x2, row[B1_1][k]);
        const REAL a2 = UNIT(row[W1_21][k], x1, row[W1_22][k], x2, row[B1_2][k]);
        const REAL y = UNIT(w2_1, a1, w2_2, a2, row[B2_1][k]);
        const REAL error = t - y;
        const REAL delta = SLOPE(error, rate), delta1 = delta * w2_1, delta2 = delta * w2_2;
        row[COST][k] += error * error;
        row[W1_11][k] -= STEP(rate, delta1 * x1);
        row[W1_12][k] -= STEP(rate, delta1 * x2);
        row[W1_21][k] -= STEP(rate, delta2 * x1);
        row[W1_22][k] -= STEP(rate, delta2 * x2);
        row[B1_1][k] -= STEP(rate, delta1);
        row[B1_2][k] -= STEP(rate, delta2);
        row[W2_11][k] = w2_1 - STEP(rate, delta * a1);
        row[W2_12][k] = w2_2 - STEP(rate, delta * a2);
        row[B2_1][k] -= STEP(rate, delta);
    }
}

/* x (samples, 2), t (samples,), initial (PARAMETERS,), rates (networks,) -> weights (PARAMETERS, networks) and losses
 * (networks,), the mean cost of the last epoch. threads: PyTorch in the same process sets OpenMP's own number. */
void train(long networks, long epochs, long samples, const REAL *x, const REAL *t, const REAL *initial,
           const REAL *rates, REAL *weights, REAL *losses, int threads)
{
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (long first = 0; first < networks; first += LANES) {
        const int count = networks - first < LANES ? networks - first : LANES;
        REAL row[ROWS][LANES] __attribute__((aligned(64)));
        for (int k = 0; k < LANES; k++) {
            for (int p = 0; p < PARAMETERS; p++)
                row[p][k] = initial[p];
            row[RATE][k] = k < count ? FOLDED(rates[first + k]) : 0;
            row[COST][k] = 0;
        }
        for (long epoch = 0; epoch < epochs; epoch++) {
            for (int k = 0; k < LANES; k++)
                row[COST][k] = 0;
            for (long s = 0; s < samples; s++)
                learn(row, x[2 * s], x[2 * s + 1], t[s]);
        }
        for (int k = 0; k < count; k++) {
            for (int p = 0; p < PARAMETERS; p++)
                weights[p * networks + first + k] = row[p][k];
            losses[first + k] = row[COST][k] / samples;
        }
    }
}
