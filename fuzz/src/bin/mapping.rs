#![no_main]

vsm_fuzz::target!();
