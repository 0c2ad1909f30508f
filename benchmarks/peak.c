/* The fused multiply-adds that all processors do in a second: CHAINS independent vectors of WIDTH bytes in each thread,
 * enough to hide their latency and few enough for the registers. REAL: double or float. */

typedef REAL Vector __attribute__((vector_size(WIDTH)));
enum { LANES = WIDTH / sizeof(REAL) };

/* Floating-point operations of so many steps by so many threads; result: some number that depends on all of them. */
double operations(long steps, int threads, REAL factor, REAL term, REAL *result)
{
    REAL total = 0;
#pragma omp parallel for num_threads(threads) schedule(static, 1) reduction(+ : total)
    for (int thread = 0; thread < threads; thread++) {
        Vector chain[CHAINS];
        for (int i = 0; i < CHAINS; i++)
            chain[i] = (Vector){0} + (REAL)(thread + i);
        for (long step = 0; step < steps; step++)
#pragma GCC unroll 16
            for (int i = 0; i < CHAINS; i++)
                chain[i] = chain[i] * factor + term;
        for (int i = 0; i < CHAINS; i++)
            total += chain[i][0];
    }
    *result = total;
    return 2.0 * CHAINS * LANES * steps * threads;
}
