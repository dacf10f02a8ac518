//! The normal distribution and Student's t.

use libm::{erfc, exp, lgamma, log, log1p};

/// How likely a normal variable is at least `z` away from zero, on both sides.
pub(super) fn normal_two_sided(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// The value that a standard normal variable exceeds with probability `tail`, 0 < `tail` < 1.
pub(super) fn normal_upper(tail: f64) -> f64 {
    -normal_quantile(tail)
}

/// M. J. Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied Statistics 37 (1988):
/// PPND16, correct to about one part in 10¹⁶.
fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * ratio(r, &CENTER);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-log(tail)).sqrt();
    let value = if r <= 5.0 { ratio(r - 1.6, &MIDDLE) } else { ratio(r - 5.0, &TAIL) };
    if q < 0.0 { -value } else { value }
}

/// A ratio of two polynomials, coefficients of both from the constant term up.
fn ratio(r: f64, (above, below): &([f64; 8], [f64; 8])) -> f64 {
    let at = |terms: &[f64]| terms.iter().rev().fold(0.0, |sum, term| sum * r + term);
    at(above) / at(below)
}

const CENTER: ([f64; 8], [f64; 8]) = (
    [
        3.387_132_872_796_366_5,
        1.331_416_678_917_843_8e2,
        1.971_590_950_306_551_3e3,
        1.373_169_376_550_946e4,
        4.592_195_393_154_987e4,
        6.726_577_092_700_87e4,
        3.343_057_558_358_813e4,
        2.509_080_928_730_122_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091e1,
        6.871_870_074_920_579e2,
        5.394_196_021_424_751e3,
        2.121_379_430_158_659_7e4,
        3.930_789_580_009_271e4,
        2.872_908_573_572_194_3e4,
        5.226_495_278_852_854e3,
    ],
);
const MIDDLE: ([f64; 8], [f64; 8]) = (
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        2.417_807_251_774_506e-1,
        2.272_384_498_926_918_4e-2,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        6.897_673_349_851e-1,
        1.481_039_764_274_800_8e-1,
        1.519_866_656_361_645_7e-2,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
);
const TAIL: ([f64; 8], [f64; 8]) = (
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        2.965_605_718_285_049e-1,
        2.653_218_952_657_612_4e-2,
        1.242_660_947_388_078_4e-3,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        5.998_322_065_558_88e-1,
        1.369_298_809_227_358e-1,
        1.487_536_129_085_061_5e-2,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
);

/// How likely a t of `df` > 0 degrees of freedom is at least `t` away from zero, on both sides.
pub(super) fn student_two_sided(t: f64, df: f64) -> f64 {
    let square = t * t;
    if !square.is_finite() {
        return 0.0;
    }
    if df >= MANY {
        return normal_two_sided(normal_of_student(square, df));
    }
    beta_half(df / (df + square), square / (df + square), df / 2.0).clamp(0.0, 1.0)
}

/// From so many degrees of freedom on t is read as a normal variable, which is then right to one part in 10¹²: the
/// fraction of the beta function gets long.
const MANY: f64 = 1000.0;

/// The normal variable that is exceeded as often as a t with this square: G. W. Hill, "Algorithm 395: Student's
/// t-Distribution", Communications of the ACM 13 (1970).
fn normal_of_student(square: f64, df: f64) -> f64 {
    let a = df - 0.5;
    let b = 48.0 * a * a;
    let z_square = a * log1p(square / df);
    let z = z_square.sqrt();
    let second = ((4.0 * z_square + 33.0) * z_square + 240.0) * z_square + 855.0;
    z * (1.0 + (z_square + 3.0) / b - second / (10.0 * b * (b + 0.8 * z_square * z_square + 100.0)))
}

/// The value that a t of `df` degrees of freedom exceeds with probability `tail`, 0 < `tail` ≤ ½: by bisection.
pub(super) fn student_upper(tail: f64, df: f64) -> f64 {
    let exceeds = |t: f64| student_two_sided(t, df) / 2.0 > tail;
    let (mut low, mut high) = (0.0, 1.0);
    while exceeds(high) && high < 1e150 {
        (low, high) = (high, high * 2.0);
    }
    // Each step halves the rest, and a double has 53 places.
    for _ in 0..64 {
        let middle = low + (high - low) / 2.0;
        if exceeds(middle) { low = middle } else { high = middle }
    }
    low + (high - low) / 2.0
}

/// The regularized incomplete beta function I(x; a, ½), with y = 1 − x: DLMF 8.17.22, from whichever side converges
/// faster.
fn beta_half(x: f64, y: f64, a: f64) -> f64 {
    if x <= 0.0 || y <= 0.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    let log_x = if y < 0.5 { log1p(-y) } else { log(x) };
    let front = exp(a * log_x + 0.5 * log(y) + log_gamma_step(a) - 0.5 * log(std::f64::consts::PI));
    if x < (a + 1.0) / (a + 2.5) {
        front / a / fraction(x, a, 0.5)
    } else {
        1.0 - front * 2.0 / fraction(y, 0.5, a)
    }
}

/// ln Γ(a + ½) − ln Γ(a). For large a the difference of two huge logarithms would lose what is asked for; the series is
/// that of F. G. Tricomi and A. Erdélyi, Pacific J. Math. 1 (1951).
fn log_gamma_step(a: f64) -> f64 {
    if a < 25.0 {
        return lgamma(a + 0.5) - lgamma(a);
    }
    let r = 1.0 / a;
    let square = r * r;
    0.5 * log(a) - r * (1.0 / 8.0 - square * (1.0 / 192.0 - square * (1.0 / 640.0 - square * 17.0 / 14336.0)))
}

/// 1 + d₁x/(1 + d₂x/(1 + …)) of DLMF 8.17.22, by the method of Lentz.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const STEPS: u32 = 2_000;
    const TINY: f64 = 1e-300;
    let safe = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut value, mut above, mut below) = (1.0, 1.0, 0.0);
    for step in 1..STEPS {
        let m = f64::from(step / 2);
        let d = if step % 2 == 0 {
            m * (b - m) / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        below = 1.0 / safe(1.0 + d * x * below);
        above = safe(1.0 + d * x / above);
        let factor = above * below;
        value *= factor;
        if (factor - 1.0_f64).abs() < 1e-16 {
            break;
        }
    }
    value
}
