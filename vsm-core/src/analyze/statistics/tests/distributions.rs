//! The distributions against published values.

use crate::analyze::statistics::distributions::{
    normal_two_sided, normal_upper, student_two_sided, student_upper,
};

#[track_caller]
fn near(own: f64, known: f64) {
    assert!((own - known).abs() <= 1e-12 * known.abs().max(1e-3), "{own}, not {known}");
}

#[test]
fn the_normal_distribution_has_its_known_values() {
    near(normal_two_sided(1.959_963_984_540_054), 0.05);
    near(normal_two_sided(-1.0), 0.317_310_507_862_914_1);
    near(normal_two_sided(0.0), 1.0);
    near(normal_upper(0.025), 1.959_963_984_540_054);
    near(normal_upper(0.5), 0.0);
    near(normal_upper(0.1), 1.281_551_565_544_600_4);
    near(normal_upper(0.975), -1.959_963_984_540_054);
    near(normal_upper(1e-4), 3.719_016_485_455_680_4);
    near(normal_upper(1e-20), 9.262_340_089_798_408);
    for tail in [1e-300, 1e-9, 0.01, 0.2, 0.5 - 1e-9] {
        near(normal_two_sided(normal_upper(tail)), 2.0 * tail);
    }
}

#[test]
fn the_t_distribution_has_its_known_values() {
    // With one degree of freedom it is Cauchy's, with two 1 − t/√(2 + t²).
    near(student_two_sided(1.0, 1.0), 0.5);
    near(student_two_sided(2.0, 2.0), 1.0 - 2.0 / 6.0_f64.sqrt());
    near(student_upper(0.025, 1.0), 12.706_204_736_174_705);
    near(student_upper(0.025, 10.0), 2.228_138_851_986_275);
    near(student_upper(0.025, 8.65), 2.276_187_134_738_500_5);
    near(student_upper(0.005, 100.0), 2.625_890_521_438_017_3);
    near(student_two_sided(2.5, 30.5), 0.018_016_245_863_791_795);
    near(student_two_sided(0.001, 49.9), 0.999_206_102_728_836_4);
    near(student_two_sided(3.0, 1e6), 0.002_699_862_541_421_8);
    near(student_two_sided(40.0, 5.0), 1.841_196_217_177_295_4e-7);
    assert_eq!(student_two_sided(f64::INFINITY, 3.0), 0.0);
    assert_eq!(student_two_sided(0.0, 3.0), 1.0);
}

#[test]
fn with_many_degrees_of_freedom_it_is_the_normal_one() {
    for z in [0.1, 1.0, 2.5] {
        let difference = student_two_sided(z, 1e12) - normal_two_sided(z);
        assert!(difference.abs() < 1e-11, "{z}: {difference}");
    }
}
