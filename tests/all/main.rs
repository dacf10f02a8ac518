//! One binary for all integration tests: a binary of its own for each would link the engine again and again.

mod bad_input;
mod correlated;
mod meet;
mod portfolio;
mod properties;
mod readme;
mod real_cdevents;
mod real_correlation;
mod real_forges;
mod real_hooks;
mod real_ingest;
mod real_jenkins;
mod real_logs;
mod real_mapping;
mod real_operations;
mod real_quality;
mod real_tests;
mod scale;
mod seeds;
mod shared;
mod ship_date;
mod store;
mod store_damage;
mod store_killed;
mod vectors;
mod world;
