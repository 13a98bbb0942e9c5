//! On what was measured, and what else it did: a figure without its machine is none.

use crate::done::Done;
use crate::ground::said;
use serde::Serialize;
use std::path::Path;

/// The machine at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Its processor.
    pub processor: String,
    /// How many of its cores are ours.
    pub cores: usize,
    /// Its memory, in GiB.
    pub memory_gib: u64,
    /// Its kernel.
    pub kernel: String,
    /// The file system that was written to.
    pub file_system: String,
    /// The git that was run.
    pub git: String,
    /// How many processes wanted to run, on average over the last minute; what is measured counts too.
    pub load: f64,
    /// The day, in UTC.
    pub day: String,
}

/// Looks at this machine. `dir` is on the disk that is measured.
///
/// # Errors
/// When `/proc` or one of the tools is not there.
pub fn look(dir: &Path) -> Done<Machine> {
    let line_of = |file: &str, name: &str| -> Done<String> {
        let text = std::fs::read_to_string(file)?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
        Ok(line.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned()))
    };
    let kib: u64 = line_of("/proc/meminfo", "MemTotal")?.trim_end_matches(" kB").parse()?;
    let load = std::fs::read_to_string("/proc/loadavg")?;
    Ok(Machine {
        processor: line_of("/proc/cpuinfo", "model name")?,
        cores: std::thread::available_parallelism()?.get(),
        memory_gib: kib.div_ceil(1024 * 1024),
        kernel: said("uname", ["-r".as_ref()])?,
        file_system: said("stat", ["-f".as_ref(), "-c".as_ref(), "%T".as_ref(), dir.as_os_str()])?,
        git: said("git", ["--version".as_ref()])?.replace("git version ", ""),
        load: load.split_whitespace().next().unwrap_or("0").parse()?,
        day: said("date", ["-u".as_ref(), "+%F".as_ref()])?,
    })
}
