//! Any bytes to one parser; what must hold stands in `parsers.rs`.
#![no_main]

#[path = "../../crates/config/tests/it/parsers.rs"]
#[expect(dead_code, reason = "a fuzzer takes one of them")]
mod parsers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    std::hint::black_box(parsers::mcp_json(bytes));
});
