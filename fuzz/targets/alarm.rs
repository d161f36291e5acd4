//! `cargo fuzz run fuzz_alarm`: see the function of this name.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| guard_fuzz::alarm(input));
