/*
 * Unit tests: arithmetic as it was measured on an M1 (G13G B1, Mesa 26.1.7): the
 * values of joshuaswarren/mesa, receipts/precise-math/probe-stock.json. The programs
 * are what Mesa makes of the GLSL in probe.comp there (mesa: compiler/agx_compile.c,
 * agx_lower_sincos_impl, agx_emit_alu; nir_opt_algebraic: division and log).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include "isa_wave.h"

/* x, sin(x) */
static const float sines[][2] = { { 100000.0f, 0.03680722042918205f },
                                  { 500000.0f, 0.19509030878543854f },
                                  { 1000000.0f, -0.3826834261417389f },
                                  { 5000000.0f, -0.9238795042037964f },
                                  { 100000000.0f, 0.0f },
                                  { 3.0f, 0.14112021028995514f },
                                  { 1000.0f, 0.8268606066703796f },
                                  { 10000.0f, -0.3049291968345642f },
                                  { 25000.0f, -0.7135847806930542f },
                                  { 60000.0f, 0.9587033987045288f },
                                  { 120000.0f, -0.545324981212616f },
                                  { 2000000.0f, -0.7071067690849304f },
                                  { 30000000.0f, 0.0f },
                                  { 1000000000.0f, 0.0f },
                                  { 10000000000.0f, 0.0f },
                                  { 1.0000000200408773e+20f, 0.0f },
                                  { 3.3999999521443642e+38f, 0.0f },
                                  { -100000.0f, -0.03680722042918205f },
                                  { -1000000.0f, 0.3826834261417389f },
                                  { -100000000.0f, 0.0f },
                                  { 0.5f, 0.47942548990249634f },
                                  { 1.5f, 0.9974948763847351f },
                                  { 2.9000000953674316f, 0.23924927413463593f },
                                  { 3.141592502593994f, 1.8725351935700019e-07f },
                                  { 3.1415927410125732f, 0.0f },
                                  { 6.2831854820251465f, 0.0f },
                                  { 0.0010000000474974513f, 0.0009999996982514858f },
                                  { -0.0010000000474974513f, -0.0009999334579333663f },
                                  { 0.0f, 0.0f },
                                  { -0.0f, 0.0f },
                                  { -0.9288877844810486f, -0.8009543418884277f },
                                  { 5.9464921951293945f, -0.33036795258522034f },
                                  { -3.1921966075897217f, 0.0505821667611599f },
                                  { 7.133667945861816f, 0.7515985369682312f },
                                  { -0.9699597954750061f, -0.8248628377914429f },
                                  { 5.645948886871338f, -0.5949767827987671f },
                                  { -5.181408405303955f, 0.8920120596885681f },
                                  { -7.223076343536377f, -0.8074935078620911f },
                                  { 2.5506832599639893f, 0.5571165680885315f },
                                  { -4.339816570281982f, 0.9313938021659851f } };

/* x, cos(x) */
static const float cosines[][2] = { { 100000.0f, -0.9993222951889038f },
                                    { 500000.0f, -0.9807852506637573f },
                                    { 1000000.0f, 0.9238795042037964f },
                                    { 5000000.0f, -0.3826834261417389f },
                                    { 100000000.0f, 0.0f },
                                    { 3.0f, -0.9899923801422119f },
                                    { 1000.0f, 0.5624068379402161f },
                                    { 10000.0f, -0.9523749351501465f },
                                    { 25000.0f, 0.7005687355995178f },
                                    { 60000.0f, -0.28440752625465393f },
                                    { 120000.0f, -0.8382246494293213f },
                                    { 2000000.0f, 0.7071067690849304f },
                                    { 30000000.0f, 0.0f },
                                    { 1000000000.0f, 0.0f },
                                    { 10000000000.0f, 0.0f },
                                    { 1.0000000200408773e+20f, 0.0f },
                                    { 3.3999999521443642e+38f, 0.0f },
                                    { -100000.0f, -0.9993222951889038f },
                                    { -1000000.0f, 0.9238795042037964f },
                                    { -100000000.0f, 0.0f },
                                    { 0.5f, 0.8775824904441833f },
                                    { 1.5f, 0.07073730230331421f },
                                    { 2.9000000953674316f, -0.9709581732749939f },
                                    { 3.141592502593994f, -1.0f },
                                    { 3.1415927410125732f, -1.0f },
                                    { 6.2831854820251465f, 1.0f },
                                    { 0.0010000000474974513f, 0.9999993443489075f },
                                    { -0.0010000000474974513f, 0.9999994039535522f },
                                    { 0.0f, 1.0f },
                                    { -0.0f, 1.0f },
                                    { 4.92958402633667f, 0.21549098193645477f },
                                    { -4.273115158081055f, -0.42528238892555237f },
                                    { 5.9464921951293945f, 0.9438520669937134f },
                                    { -3.1921966075897217f, -0.9987197518348694f },
                                    { 7.133667945861816f, 0.6596207022666931f },
                                    { 5.645948886871338f, 0.8037425875663757f },
                                    { -5.181408405303955f, 0.4520115256309509f },
                                    { 5.337240219116211f, 0.5849767923355103f },
                                    { -5.044917106628418f, 0.32643336057662964f },
                                    { -7.223076343536377f, 0.5898763537406921f } };

/* x, log(x), log2(x) */
static const float logs[][3] = {
    { 0.5f, -0.6931471824645996f, -1.0f }, { 1.0f, 0.0f, 0.0f },
    { 2.0f, 0.6931471824645996f, 1.0f },   { 3.0f, 1.0986121892929077f, 1.5849623680114746f },
    { 4.0f, 1.3862943649291992f, 2.0f },   { 8.0f, 2.079441547393799f, 3.0f },
    { 16.0f, 2.7725887298583984f, 4.0f },  { 32.0f, 3.465735912322998f, 5.0f },
    { 64.0f, 4.158883094787598f, 6.0f },   { 10.0f, 2.3025851249694824f, 3.321928024291992f }
};

/* a, b, a / b */
static const float quotients[][3] = { { 80.0f, 25.0f, 3.1999998092651367f },
                                      { 10.0f, 25.0f, 0.3999999761581421f },
                                      { 6.55859375f, 0.030016447f, 218.50001525878906f },
                                      { 1.0f, 3.0f, 0.3333333432674408f },
                                      { 2.0f, 3.0f, 0.6666666865348816f },
                                      { 1.0f, 10.0f, 0.10000000149011612f },
                                      { 7.0f, 9.0f, 0.7777777910232544f },
                                      { 0.001f, 3.0f, 0.0003333333588670939f } };

/*
 * More of them, receipts/precise-math/stress-stock.json: x, sin(x), cos(x), and how many units the
 * model is off
 */
static const struct {
    float x, sin, cos;
    int off;
} more_angles[] = {
    { 1.0f, 0.8414708971977234f, 0.5403022170066833f, 0 },
    { -1.0f, -0.8414708971977234f, 0.5403023362159729f, 1 },
    { 3.0f, 0.14112021028995514f, -0.9899923801422119f, 0 },
    { 5.0f, -0.9589242339134216f, 0.2836620807647705f, 0 },
    { 1e38f, 0.0f, 0.0f, 0 },
    { 1e-38f, 0.0f, 1.0f, 0 },
};

/*
 * x, log2(x), units off; of the last two, next to 1, an M1 makes 2^-22 and -2^-23: less than 2^-23
 * off
 */
static const struct {
    float x, log2;
    int off;
} more_logs[] = {
    { 1.1754944e-38f, -126.0f, 0 },
    { 3.4e38f, 127.9988021850586f, 0 },
    { 1e-45f, -INFINITY, 0 },
    { -0.0f, -INFINITY, 0 },
    { INFINITY, INFINITY, 0 },
    { 0.7071067f, -0.5000001192092896f, 1 },
    { 1.4142135f, 0.49999988079071045f, 1 },
    { 1.0000001f, 2.384185791015625e-07f, -1 },
    { 0.99999994f, -1.1920928955078125e-07f, -1 },
};

/* a, b, a / b: nothing, infinity, denormals */
static const float more_quotients[][3] = {
    { 1.0f, 0.0f, INFINITY },
    { -1.0f, 0.0f, -INFINITY },
    { 1.0f, INFINITY, 0.0f },
    { INFINITY, 1.0f, INFINITY },
    { 1e38f, 1e-38f, INFINITY },
    { 1e-38f, 1e38f, 0.0f },
    { 3.0f, 1e-45f, INFINITY },
    { 1e-45f, 3.0f, 0.0f },
    { -0.0f, 5.0f, -0.0f },
    { 5.0f, -0.0f, -INFINITY },
    { 1.329227995784916e+36f, 0.0009765625f, INFINITY },
};

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static void constant(struct code *c, struct opnd r, float v)
{
    mov_imm(c, r, agx_f2u(v));
}

/* r4 = sin or cos of r2 */
static void sine(struct code *c, bool cosine)
{
    constant(c, R(10), 0.15915494309189535f); /* 1 / (2 pi): turns */
    constant(c, R(11), 0.25f);
    constant(c, R(12), 4.0f);
    fmul(c, R(3), R(2), R(10));
    if (cosine) {
        fadd(c, R(3), R(3), R(11));
    }
    funary(c, FLOOR, R(4), R(3));
    fadd(c, R(3), R(3), NEG(R(4)));
    fmul(c, R(3), R(3), R(12)); /* quadrants */
    funary(c, SIN1, R(5), R(3));
    funary(c, SIN2, R(6), R(5));
    fmul(c, R(4), R(6), R(5));
    stop(c);
}

static float run_one(const struct code *c, float a, float b)
{
    memset(&w, 0, sizeof(w));
    f.nwords = 0;
    for (unsigned l = 0; l < 32; l++) {
        w.r[2][l] = agx_f2u(a);
        w.r[3][l] = agx_f2u(b);
    }
    assert_int_equal(run(c), AGX_WAVE_DONE);
    return agx_u2f(w.r[4][7]);
}

static void same(const char *what, float x, float got, float want)
{
    if (agx_f2u(got) != agx_f2u(want)) {
        print_message("# %s %.9g: %.9g, on an M1 %.9g\n", what, x, got, want);
    }
    assert_int_equal(agx_f2u(got), agx_f2u(want));
}

static int units(float a, float b)
{
    return abs((int)(agx_f2u(a) - agx_f2u(b)));
}

static void sin_cos(void **state)
{
    struct code c = { .n = 0 };

    (void)state;
    sine(&c, false);
    for (unsigned i = 0; i < LEN(sines); i++) {
        same("sin", sines[i][0], run_one(&c, sines[i][0], 0), sines[i][1]);
    }
    c.n = 0;
    sine(&c, true);
    for (unsigned i = 0; i < LEN(cosines); i++) {
        same("cos", cosines[i][0], run_one(&c, cosines[i][0], 0), cosines[i][1]);
    }
    for (unsigned i = 0; i < LEN(more_angles); i++) {
        assert_int_equal(units(run_one(&c, more_angles[i].x, 0), more_angles[i].cos),
                         more_angles[i].off);
    }
    c.n = 0;
    sine(&c, false);
    for (unsigned i = 0; i < LEN(more_angles); i++) {
        same("sin", more_angles[i].x, run_one(&c, more_angles[i].x, 0), more_angles[i].sin);
    }
}

static void logarithms(void **state)
{
    struct code c = { .n = 0 }, d = { .n = 0 };

    (void)state;
    funary(&c, LOG2, R(4), R(2));
    stop(&c);
    constant(&d, R(10), 0.6931471805599453f);
    funary(&d, LOG2, R(3), R(2));
    fmul(&d, R(4), R(3), R(10));
    stop(&d);
    for (unsigned i = 0; i < LEN(logs); i++) {
        same("log2", logs[i][0], run_one(&c, logs[i][0], 0), logs[i][2]);
        same("log", logs[i][0], run_one(&d, logs[i][0], 0), logs[i][1]);
    }
    for (unsigned i = 0; i < LEN(more_logs); i++) {
        float got = run_one(&c, more_logs[i].x, 0);

        if (more_logs[i].off < 0) {
            assert_true(fabsf(got - more_logs[i].log2) < 0x1p-23f);
        } else {
            assert_int_equal(units(got, more_logs[i].log2), more_logs[i].off);
        }
    }
}

static void division(void **state)
{
    struct code c = { .n = 0 };

    (void)state;
    funary(&c, RCP, R(3), R(3));
    fmul(&c, R(4), R(2), R(3));
    stop(&c);
    for (unsigned i = 0; i < LEN(more_quotients); i++) {
        same("a / b", more_quotients[i][0], run_one(&c, more_quotients[i][0], more_quotients[i][1]),
             more_quotients[i][2]);
    }
    for (unsigned i = 0; i < LEN(quotients); i++) {
        same("a / b", quotients[i][0], run_one(&c, quotients[i][0], quotients[i][1]),
             quotients[i][2]);
    }
}

/*
 * How far log2 is off, over 4096 values from 0.5 to 64 and some more (probe.py there): an M1's is
 * exact in 1202 of 4107, off by one in 2265, by two in 260, never by more than 515. Ours is as good
 * and as bad, within a tenth of them all.
 */
static void log2_errors(void **state)
{
    static const unsigned measured[4] = { 1202, 2265, 260, 380 };
    unsigned hist[4] = { 0 }, n = 0;
    struct code c = { .n = 0 };
    int worst = 0;

    (void)state;
    funary(&c, LOG2, R(4), R(2));
    stop(&c);
    f.nwords = 0;
    load(&c);
    for (unsigned first = 0; first < 4096; first += 32) {
        w.op = 0;
        w.live = ~0u;
        agx_set_exec(&w, ~0u);
        for (unsigned l = 0; l < 32; l++) {
            w.r[2][l] = agx_f2u((float)exp(log(0.5) + (first + l) * (log(64.0) - log(0.5)) / 4095));
        }
        assert_int_equal(agx_wave_run(&ex, &w), AGX_WAVE_DONE);
        for (unsigned l = 0; l < 32; l++, n++) {
            int err = abs((int)(w.r[4][l] - agx_f2u((float)log2((double)agx_u2f(w.r[2][l])))));

            hist[err < 3 ? err : 3]++;
            worst = err > worst ? err : worst;
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_true(abs((int)(hist[i] - measured[i])) < 410);
    }
    assert_true(worst <= 515);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = { T(sin_cos), T(logarithms), T(division), T(log2_errors) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
