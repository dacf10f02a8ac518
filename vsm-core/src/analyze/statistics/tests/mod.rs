//! What holds of the statistics whatever the numbers.

mod change_points;
mod distributions;
mod process_behaviour;
mod samples;
mod survival;
