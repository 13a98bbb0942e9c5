//! Sound files with bytes put in, taken out and repeated: no parser panics, hangs or loses its file's name.

use crate::hostile::FILES;
use mao_config::{Inputs, Source, load, mcp};
use std::time::{Duration, Instant};

/// A small generator, so that a failure can be had again: the seed is printed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % sides.max(1)
    }
}

/// What breaks parsers.
const PIECES: [&[u8]; 34] = [
    b"\"",
    b"'",
    b"[",
    b"]",
    b"{",
    b"}",
    b"=",
    b":",
    b": ",
    b"\n",
    b"\r\n",
    b"  ",
    b"\t",
    b"- ",
    b"#",
    b"&a ",
    b"*a ",
    b"!!str ",
    b"| ",
    b"> ",
    b"---\n",
    b"...\n",
    b"```\n",
    b"```yaml\n",
    b"~~~",
    b"\\u0000",
    b"\\ud800",
    b"\xc3\xa9",
    b"\xff",
    b"\0",
    b"true",
    b"99999999999999999999",
    b"${",
    b"thinking: effort: high\n",
];

/// How long each parser is tried, unless `MAO_MUTATE_SECONDS` says otherwise.
fn budget() -> Duration {
    let seconds = std::env::var("MAO_MUTATE_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(5))
}

fn mutated(dice: &mut Dice, sound: &[u8]) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    for _ in 0..=dice.roll(6) {
        let at = dice.roll(bytes.len());
        let end = (at + dice.roll(24)).min(bytes.len());
        let piece = PIECES[dice.roll(PIECES.len())];
        match dice.roll(6) {
            0 => drop(bytes.drain(at..end)),
            1 => drop(bytes.splice(at..at, piece.iter().copied())),
            2 => drop(bytes.splice(at..end, piece.iter().copied())),
            3 => drop(bytes.splice(at..at, piece.repeat(1 + dice.roll(40)))),
            4 => {
                let copy = bytes[at..end].to_vec();
                let to = dice.roll(bytes.len());
                drop(bytes.splice(to..to, copy));
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}

fn read(file: &str, bytes: Vec<u8>) -> Result<(), String> {
    let source = Source::new("the-file", bytes);
    if file == mcp::FILE {
        return mcp::read(&source).map(drop).map_err(|errors| errors.to_string());
    }
    let trusted = [source.hash()].into();
    let mut inputs = Inputs { trusted, ..Inputs::default() };
    let place = match file {
        mao_config::locate::PROJECT_FILE => &mut inputs.project,
        mao_config::locate::REGISTRY_FILE => &mut inputs.registry,
        _ => &mut inputs.routing,
    };
    *place = Some(source);
    let loaded = load(&inputs).map_err(|errors| errors.to_string())?;
    let holders = loaded.policy.models.values().filter(|entry| mao_policy::orchestrator::may_orchestrate(entry));
    assert_eq!(holders.count(), 1, "one orchestrator, whatever a file says");
    drop(mao_config::lint(&loaded));
    Ok(())
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts are what this test shows")]
fn cfg_02_no_mutation_of_any_file_ends_in_a_panic() {
    let routing = concat!("```yaml\n", include_str!("../seeds/s3_task_routing.yaml"), "```\n");
    let registry = concat!("# R\n\n```yaml\n", include_str!("../seeds/s3_registry.yaml"), "```\n");
    let sounds = [mao_config::default_file(), registry, routing, include_str!("../seeds/s3_mcp.json")];
    let threads = FILES.iter().zip(sounds).enumerate().map(|(number, (file, sound))| {
        std::thread::spawn(move || {
            let seed = 0x6d61_6f00 + u64::try_from(number).unwrap_or(0);
            let mut dice = Dice(seed);
            let (start, mut rounds, mut read_whole) = (Instant::now(), 0_u64, 0_u64);
            while start.elapsed() < budget() {
                let bytes = mutated(&mut dice, sound.as_bytes());
                let copy = bytes.clone();
                let began = Instant::now();
                let outcome = std::panic::catch_unwind(|| read(file, copy));
                let shown = || format!("{file}: seed {seed:#x}, round {rounds}:\n{}", String::from_utf8_lossy(&bytes));
                match outcome {
                    Err(_) => panic!("{}", shown()),
                    Ok(Err(said)) if !said.contains("the-file") => panic!("no file in {said}\n{}", shown()),
                    Ok(Err(_)) => {}
                    Ok(Ok(())) => read_whole += 1,
                }
                assert!(began.elapsed() < Duration::from_secs(3), "{}", shown());
                rounds += 1;
            }
            (*file, rounds, read_whole)
        })
    });
    let threads: Vec<_> = threads.collect();
    for thread in threads {
        let (file, rounds, read_whole) = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        println!("{file}: {rounds} mutations, {read_whole} of them read");
        assert!(read_whole > 0 && read_whole < rounds, "{file}: the mutations reach both ways");
    }
}
