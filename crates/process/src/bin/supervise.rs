//! The shim as a program of its own, for tests. It does nothing else.

fn main() -> std::process::ExitCode {
    mao_process::supervise_main()
}
