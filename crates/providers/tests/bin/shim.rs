//! The supervise shim for this crate's tests: `mao` runs the same function for `mao __supervise`.

fn main() -> std::process::ExitCode {
    mao_process::supervise_main()
}
