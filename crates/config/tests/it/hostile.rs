//! Files that are malformed or mean harm, for every parser: each ends in errors that begin with their file and line, or
//! loads for a reason that stands here; quickly, and with nothing written. How much memory they take is held where the program runs.

use crate::hostile_texts::{MCP, REGISTRY, ROUTING, SECTIONS, TOML};
use mao_config::locate::{PROJECT_FILE, REGISTRY_FILE, ROUTING_FILE};
use mao_config::{Inputs, Source, load, mcp, tasks};
use std::path::Path;
use std::time::{Duration, Instant};

/// The five files of a repository.
const FILES: [&str; 5] = [PROJECT_FILE, REGISTRY_FILE, ROUTING_FILE, mcp::FILE, TASKS_FILE];

/// The task file, where no key names another.
const TASKS_FILE: &str = "todo/tasks.md";

/// The longest that one file may take.
const LONGEST: Duration = Duration::from_secs(1);

/// Reads a repository as the program does: what it warns of, or everything that is wrong.
fn read(root: &Path) -> Result<Vec<String>, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let beneath = |file: &str| Source::read_beneath(root, file).map_err(|error| said(&error));
    let inputs = Inputs {
        project: beneath(PROJECT_FILE)?,
        registry: beneath(REGISTRY_FILE)?,
        routing: beneath(ROUTING_FILE)?,
        ..Inputs::default()
    };
    let loaded = load(&inputs).map_err(|errors| said(&errors))?;
    let (errors, more) = mao_config::lint(&loaded);
    if !errors.is_empty() {
        return Err(said(&mao_config::ConfigErrors(errors)));
    }
    let servers = beneath(mcp::FILE)?.map(|source| mcp::read(&source)).transpose().map_err(|errors| said(&errors))?;
    let servers = servers.map(|(_, warnings)| warnings).unwrap_or_default();
    let sections = beneath(TASKS_FILE)?.map(|source| tasks::check(&source, None)).transpose();
    let sections = sections.map_err(|errors| said(&errors))?.unwrap_or_default();
    Ok(loaded.warnings.iter().chain(&more).chain(&servers).chain(&sections).map(ToString::to_string).collect())
}

/// What a file that means harm ends in.
#[derive(Clone, Copy, PartialEq)]
enum Ends {
    /// An error that names the file, and the line where the file has lines.
    Refused,
    /// Read, for this reason.
    Read(&'static str),
    /// Either: a cut may fall anywhere.
    Whole,
}

/// A repository with one file in it.
struct Nest {
    folder: tempfile::TempDir,
    cases: usize,
    slowest: (Duration, String),
    /// What did not end as it should; all of it is shown at once.
    broken: Vec<String>,
}

impl Nest {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for file in FILES {
            let parent = folder.path().join(file).parent().map(Path::to_owned).expect("a parent");
            std::fs::create_dir_all(parent).expect("a folder");
        }
        Self { folder, cases: 0, slowest: (Duration::ZERO, String::new()), broken: Vec::new() }
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Everything beneath the root, with sizes.
    fn listing(&self) -> Vec<(std::path::PathBuf, u64)> {
        let mut all = Vec::new();
        let mut open = vec![self.root().to_owned()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
                let metadata = entry.path().symlink_metadata().expect("an entry");
                if metadata.is_dir() {
                    open.push(entry.path());
                }
                all.push((entry.path(), metadata.len()));
            }
        }
        all.sort();
        all
    }

    fn text(&mut self, file: &str, text: impl AsRef<[u8]>, name: &str, ends: Ends) -> Result<Vec<String>, String> {
        std::fs::write(self.root().join(file), text).expect("a file");
        let ended = self.ends(file, name, ends);
        std::fs::remove_file(self.root().join(file)).expect("the file");
        ended
    }

    /// Reads what was put there, and holds the end against what is promised.
    fn ends(&mut self, file: &str, name: &str, ends: Ends) -> Result<Vec<String>, String> {
        self.cases += 1;
        let before = self.listing();
        let start = Clock::start();
        let ended = read(self.root());
        let took = start.elapsed();
        if took >= LONGEST {
            self.broken.push(format!("{file}, {name}: took {took:?}"));
        }
        if took > self.slowest.0 {
            self.slowest = (took, format!("{file}, {name}"));
        }
        assert_eq!(self.listing(), before, "{file}, {name}: something was written");
        let named = format!("{file}, {:.60}", name.replace('\n', "|"));
        match (&ended, ends) {
            (Err(said), Ends::Refused | Ends::Whole) => self.hold(&named, file, said),
            (Ok(_), Ends::Read(_) | Ends::Whole) => {}
            (Ok(warnings), Ends::Refused) => self.broken.push(format!("{named}: this was read: {warnings:?}")),
            (Err(said), Ends::Read(why)) => self.broken.push(format!("{named}: refused, though {why}: {said}")),
        }
        ended
    }

    /// What every error owes its reader.
    fn hold(&mut self, named: &str, file: &str, said: &str) {
        let place = self.root().join(file).display().to_string();
        let rest = said.find(&place).map(|at| &said[at + place.len()..]);
        let whole = ["larger than", "this is a link", "not a regular file", "line "];
        let placed = rest.is_some_and(|rest| {
            let line = rest.strip_prefix(':').is_some_and(|line| line.starts_with(|c: char| c.is_ascii_digit()));
            line || whole.iter().any(|words| rest.contains(words))
        });
        let clean = said.chars().all(|c| c == '\n' || mao_core::text::is_printable(c));
        if !placed || !clean || said.len() > 20_000 {
            self.broken.push(format!("{named}: placed {placed}, clean {clean}, {} bytes: {said:.300}", said.len()));
        }
    }
}

/// A file that loads without a warning.
fn sound(file: &str) -> &'static str {
    match file {
        PROJECT_FILE => "[engine]\nmax_parallel = 2\n[thresholds]\nplan_tasks_auto_review = 5\n",
        REGISTRY_FILE => "# R\n\n```yaml\nmodels:\n  gpt-6-luna:\n    role: drafter\n    capabilities: [fast]\n```\n",
        ROUTING_FILE => "# R\n\n```yaml\ndevelopment:\n  tests:\n    primary: coder\n    fallback: [worker]\n```\n",
        TASKS_FILE => "# Tasks\n\n## Section 1: A\n- [ ] 1.1 x\n\n## Section 2: B\n- [x] 2.1 y\n",
        _ => "{\n  \"mcpServers\": {\n    \"a\": { \"command\": \"x\", \"args\": [\"y\"] }\n  }\n}\n",
    }
}

/// The time that this thread computed, since the machine may be busy with something else; else the time that passed.
struct Clock(Instant, Option<Duration>);

impl Clock {
    fn computed() -> Option<Duration> {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        stat.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
    }

    fn start() -> Self {
        Self(Instant::now(), Self::computed())
    }

    fn elapsed(&self) -> Duration {
        let computed = self.1.zip(Self::computed()).map(|(before, now)| now.saturating_sub(before));
        computed.unwrap_or_else(|| self.0.elapsed())
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the count is what this test shows")]
fn cfg_02_three_hundred_hostile_files_end_in_errors_with_a_place() {
    let mut nest = Nest::new();
    for file in FILES {
        raw_bytes(&mut nest, file);
        large(&mut nest, file);
        no_files(&mut nest, file);
        cut(&mut nest, file);
    }
    for (file, table) in [
        (PROJECT_FILE, TOML),
        (REGISTRY_FILE, REGISTRY),
        (ROUTING_FILE, ROUTING),
        (mcp::FILE, MCP),
        (TASKS_FILE, SECTIONS),
    ] {
        for (text, says) in table {
            let text = match file {
                REGISTRY_FILE | ROUTING_FILE => format!("# A title\n\n```yaml\n{text}\n```\n"),
                _ => (*text).to_owned(),
            };
            let said = nest.text(file, &text, &text, Ends::Refused).err().unwrap_or_default();
            if !said.contains(says) {
                nest.broken.push(format!("{file}: {text}\n{said}\n(expected {says})"));
            }
        }
    }
    println!("{} hostile files; slowest {:?} ({})", nest.cases, nest.slowest.0, nest.slowest.1);
    assert!(nest.broken.is_empty(), "{} broken:\n{}", nest.broken.len(), nest.broken.join("\n"));
    assert!(nest.cases >= 300, "{} cases", nest.cases);
}

fn raw_bytes(nest: &mut Nest, file: &'static str) {
    let sound = sound(file);
    let with = |bytes: &[u8], at: usize| [&sound.as_bytes()[..at], bytes, &sound.as_bytes()[at..]].concat();
    let middle = sound.find("\n").map_or(0, |at| at + 1);
    let utf16 = |bytes: fn(u16) -> [u8; 2]| sound.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let is_json = file == mcp::FILE;
    let is_closed = is_json || file == TASKS_FILE;
    let nothing = if is_closed { Ends::Refused } else { Ends::Read("an empty file says nothing") };
    let words = match file {
        PROJECT_FILE | mcp::FILE | TASKS_FILE => Ends::Refused,
        _ => Ends::Read("Markdown may hold anything outside its blocks; it is warned that there is no YAML"),
    };
    let inside = |bytes: &[u8]| {
        let body: &[u8] = match file {
            REGISTRY_FILE | ROUTING_FILE => b"```yaml\n",
            _ => b"",
        };
        let end: &[u8] = if body.is_empty() { b"" } else { b"\n```\n" };
        [body, bytes, end].concat()
    };
    for (name, bytes, ends) in [
        ("empty", Vec::new(), nothing),
        ("spaces", b" \n\t\n".to_vec(), nothing),
        ("the sound file", sound.as_bytes().to_vec(), Ends::Read("nothing is wrong with it")),
        ("a byte order mark", with("\u{feff}".as_bytes(), 0), Ends::Read("editors leave it")),
        ("Windows line ends", sound.replace('\n', "\r\n").into_bytes(), Ends::Read("editors leave them")),
        ("a NUL first", with(b"\0", 0), Ends::Refused),
        ("a NUL within", with(b"\0", middle), Ends::Refused),
        ("a NUL last", with(b"\0", sound.len()), Ends::Refused),
        ("a stray byte first", with(b"\xff", 0), Ends::Refused),
        ("a stray byte within", with(b"\xc3\x28", middle), Ends::Refused),
        ("half a character", with(b"\xf0\x9f", sound.len()), Ends::Refused),
        ("a surrogate", with(b"\xed\xa0\x80", middle), Ends::Refused),
        ("UTF-16, little end first", [b"\xff\xfe".to_vec(), utf16(u16::to_le_bytes)].concat(), Ends::Refused),
        ("UTF-16, big end first", [b"\xfe\xff".to_vec(), utf16(u16::to_be_bytes)].concat(), Ends::Refused),
        ("a program", b"\x7fELF\x02\x01\x01\0\0\0".to_vec(), Ends::Refused),
        ("an archive", b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec(), Ends::Refused),
        ("a page", b"<!DOCTYPE html><html></html>\n".to_vec(), words),
        ("a script", b"#!/bin/sh\nrm -rf /\n".to_vec(), words),
        ("a page inside", inside(b"<!DOCTYPE html>\n<html>&x;</html>"), Ends::Refused),
        ("conflict marks", inside(b"<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> x"), Ends::Refused),
        ("an open list", inside(b"["), Ends::Refused),
        ("an open table", inside(b"{"), Ends::Refused),
        ("an open quote", inside(b"\"a"), Ends::Refused),
        ("escapes for a terminal", inside(b"\x1b]0;owned\x07\x1b[31m: 1"), Ends::Refused),
        ("text from right to left", inside("\u{202e}x = : {".as_bytes()), Ends::Refused),
        ("nested lists", inside("[".repeat(5_000).as_bytes()), Ends::Refused),
        ("nested and closed", inside(format!("{}{}", "[".repeat(400), "]".repeat(400)).as_bytes()), Ends::Refused),
        ("nested tables", inside("{\"a\":".repeat(2_000).as_bytes()), Ends::Refused),
        ("another language", inside(b"let x = { [ ("), Ends::Refused),
    ] {
        let _ = nest.text(file, bytes, name, ends);
    }
}

fn large(nest: &mut Nest, file: &'static str) {
    let wrap = |body: String| match file {
        REGISTRY_FILE => format!("```yaml\nmodels:\n{body}\n```\n"),
        ROUTING_FILE => format!("```yaml\ndevelopment:\n{body}\n```\n"),
        _ => body,
    };
    let many = |count: usize, line: fn(usize) -> String| (0..count).map(line).collect::<String>();
    let (keys, long_key, long_value) = match file {
        PROJECT_FILE => (
            format!("[models]\n{}", many(40_000, |i| format!("k{i} = {i}\n"))),
            format!("{} = 1\n", "k".repeat(900_000)),
            format!("[engine]\nmode = \"{}\"\n", "v".repeat(900_000)),
        ),
        REGISTRY_FILE | ROUTING_FILE => (
            many(30_000, |i| format!("  k{i}: {{}}\n")),
            format!("  {}: 1\n", "k".repeat(900_000)),
            format!("  tests:\n    role: {}\n", "v".repeat(900_000)),
        ),
        TASKS_FILE => (
            many(40_000, |_| "## 7. x\n".to_owned()),
            format!("## {}. x\n", "7".repeat(900_000)),
            format!("{} 7. x\n", "#".repeat(900_000)),
        ),
        _ => (
            format!("{{\"mcpServers\": {{{}\"z\": 1}}}}", many(30_000, |i| format!("\"k{i}\": {{}},"))),
            format!("{{\"{}\": 1}}", "k".repeat(900_000)),
            format!("{{\"mcpServers\": {{\"a\": {{\"command\": \"{}\"}}}}}}", "v".repeat(900_000)),
        ),
    };
    for (name, text) in [("many keys", keys), ("a long key", long_key), ("a long value", long_value)] {
        let _ = nest.text(file, wrap(text), name, Ends::Refused);
    }
    let _ = nest.text(file, "#".repeat((1 << 20) + 1), "a byte more than is read", Ends::Refused);
    for (name, fill) in [("50 MB of text", Some(b'x')), ("50 MB of zeros", None), ("50 MB of lines", Some(b'\n'))] {
        let path = nest.root().join(file);
        {
            let out = std::fs::File::create(&path).expect("a file");
            match fill {
                None => out.set_len(50 << 20).expect("a hole"),
                Some(byte) => {
                    let chunk = vec![byte; 1 << 16];
                    for _ in 0..(50 << 20 >> 16) {
                        std::io::Write::write_all(&mut &out, &chunk).expect("a chunk");
                    }
                }
            }
        }
        let said = nest.ends(file, name, Ends::Refused).err().unwrap_or_default();
        assert!(said.contains("larger than 1048576 bytes"), "{said}");
        std::fs::remove_file(path).expect("the file");
    }
    if file == mcp::FILE {
        let all = format!(
            "{{{}\"z\": 1}}",
            many(15_000, |i| format!("\"MY_API_KEY\":\"k{i}a1B2c3D4a1B2c3D4a1B2c3D4a1B2\","))
        );
        let said = nest.text(file, all, "many secrets", Ends::Refused).err().unwrap_or_default();
        assert!(!said.contains("a1B2c3D4"), "{said}");
        let _ = nest.text(file, "{\"a\":".repeat(150_000), "tables in tables", Ends::Refused);
    }
    if matches!(file, REGISTRY_FILE | ROUTING_FILE) {
        for (name, text) in bombs() {
            let _ = nest.text(file, format!("```yaml\n{text}\n```\n"), name, Ends::Refused);
        }
    }
}

/// Documents that grow when they are read.
fn bombs() -> Vec<(&'static str, String)> {
    let doubled = |open: &str, close: &str| {
        let mut text = format!("a0: &a0 {open}x{close}\n");
        for i in 1..30 {
            let before = vec![format!("*a{}", i - 1); 9].join(",");
            text += &format!("a{i}: &a{i} {open}{before}{close}\n");
        }
        text
    };
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(200_000), vec!["*a"; 180].join(","));
    let nest = (0..200).map(|i| format!("{}k:\n", " ".repeat(i))).collect::<String>();
    vec![
        ("an alias bomb", doubled("[", "]")),
        ("an alias of itself", "a: &a [*a]\n".into()),
        ("an alias of its table", "a: &a {b: *a}\n".into()),
        ("an unknown alias", "a: *b\n".into()),
        ("a long text many times", long),
        ("a merge bomb", "a: &a {x: 1}\nb: {<<: [*a, *a]}\n".into()),
        ("a deep nest", nest),
        ("many documents", "---\na: 1\n".repeat(5_000)),
        ("many anchors", (0..2_000).map(|i| format!("k{i}: &k{i} x\n")).collect()),
        ("many lists", format!("models: [{}]\n", "[],".repeat(100_000))),
        ("a key that is a list", "? [a, b]\n: c\n".into()),
        ("a key said twice", "models: {}\nmodels: {}\n".into()),
        ("a tag", "qa: !!binary gibberish\nmodels: !!binary gibberish\n".into()),
        ("an include", "qa: !include /etc/passwd\nmodels: !include /etc/passwd\n".into()),
    ]
}

/// What stands in a file's place and is none.
fn no_files(nest: &mut Nest, file: &'static str) {
    let path = nest.root().join(file);
    let outside = tempfile::tempdir().expect("a folder");
    let target = outside.path().join("secret");
    std::fs::write(&target, sound(file)).expect("a file");
    for (name, to) in [
        ("a link to a file elsewhere", target.as_path()),
        ("a link to a device", Path::new("/dev/zero")),
        ("a link to another device", Path::new("/dev/tty")),
        ("a link to the kernel's memory", Path::new("/proc/kcore")),
        ("a link to nothing", Path::new("/nowhere/at/all")),
        ("a link to itself", path.as_path()),
        ("a link to the root", Path::new("/")),
    ] {
        std::os::unix::fs::symlink(to, &path).expect("a link");
        let said = nest.ends(file, name, Ends::Refused).expect_err("an error");
        assert!(said.contains("this is a link"), "{said}");
        std::fs::remove_file(&path).expect("the link");
    }
    std::fs::create_dir(&path).expect("a folder");
    let _ = nest.ends(file, "a folder", Ends::Refused);
    std::fs::remove_dir(&path).expect("the folder");
    {
        let _socket = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
        let _ = nest.ends(file, "a socket", Ends::Refused);
    }
    std::fs::remove_file(&path).expect("the socket");
    let parent = path.parent().expect("a parent").to_owned();
    if parent != nest.root() {
        std::fs::remove_dir(&parent).expect("an empty folder");
        std::os::unix::fs::symlink(outside.path(), &parent).expect("a link");
        let said = nest.ends(
            parent.strip_prefix(nest.root()).expect("beneath").to_str().expect("text"),
            "a linked folder",
            Ends::Refused,
        );
        assert!(said.expect_err("an error").contains("this is a link"));
        std::fs::remove_file(&parent).expect("the link");
        std::fs::write(&parent, "").expect("a file in a folder's place");
        let _ = nest.ends(file, "a file in its folder's place", Ends::Read("then there is no such file"));
        std::fs::remove_file(&parent).expect("the file");
        std::fs::create_dir(&parent).expect("the folder again");
    }
}

/// A sound file that ends too early, at every kind of place.
fn cut(nest: &mut Nest, file: &'static str) {
    let seed = match file {
        PROJECT_FILE => mao_config::default_file(),
        REGISTRY_FILE => concat!("```yaml\n", include_str!("../seeds/s3_registry.yaml"), "```\n"),
        ROUTING_FILE => concat!("```yaml\n", include_str!("../seeds/s3_task_routing.yaml"), "```\n"),
        TASKS_FILE => {
            "# T\n\n## Section 1: A\n- [ ] 1.1 x\n```sh\nls\n```\n<!-- a\ncomment -->\n## Section 2: B\n- [ ] 2.1 y\n"
        }
        _ => include_str!("../seeds/s3_mcp.json"),
    };
    for part in 1..12 {
        let at = (0..=seed.len() * part / 12).rev().find(|at| seed.is_char_boundary(*at)).unwrap_or(0);
        let ended = nest.text(file, &seed[..at], &format!("cut after {at} bytes"), Ends::Whole);
        let must_fail = !matches!(file, PROJECT_FILE | TASKS_FILE);
        if must_fail && ended.is_ok() {
            nest.broken.push(format!("{file}, cut after {at} bytes: {ended:?}"));
        }
    }
}
