//! The fuzzers' corpus, replayed and then with bytes put in, taken out and repeated: no parser panics, hangs or loses its
//! file's name. How the corpus came to be stands in `fuzz/`.

use crate::parsers;
use std::path::Path;
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
const PIECES: [&[u8]; 37] = [
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
    b"- [ ] ",
    b"## 2",
    b".0",
];

/// How long each of the six parsers is tried, unless `MAO_MUTATE_SECONDS` says otherwise: half a minute in all.
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

/// What the fuzzers kept for one parser, in the order of its names.
fn corpus(parser: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(parser);
    let entries = std::fs::read_dir(&folder).expect("the corpus").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<_> = entries.collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("an input")).collect()
}

/// Runs one input, and says how long it took and what came of it.
fn run(check: fn(&[u8]) -> bool, bytes: &[u8], shown: impl Fn() -> String) -> bool {
    let began = Instant::now();
    let outcome = std::panic::catch_unwind(|| check(bytes));
    assert!(began.elapsed() < Duration::from_secs(3), "slow: {}", shown());
    outcome.unwrap_or_else(|_| panic!("{}:\n{}", shown(), String::from_utf8_lossy(bytes)))
}

#[test]
fn cfg_02_what_the_fuzzers_found_stays_found() {
    let mut size = 0;
    for (parser, check) in parsers::ALL {
        let inputs = corpus(parser);
        assert!(inputs.len() >= 10, "{parser}: {} inputs", inputs.len());
        size += inputs.iter().map(Vec::len).sum::<usize>();
        let taken = inputs.iter().filter(|bytes| run(check, bytes, || parser.to_owned())).count();
        assert!(taken > 0 && taken < inputs.len(), "{parser}: {taken} of {} are well formed", inputs.len());
    }
    assert!(size < 1 << 20, "the corpus is {size} bytes");
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts are what this test shows")]
fn cfg_02_no_mutation_of_any_file_ends_in_a_panic() {
    let threads = parsers::ALL.into_iter().zip(1_u64..).map(|((parser, check), number)| {
        std::thread::spawn(move || {
            let seed = 0x6d61_6f00 + number;
            let sounds = corpus(parser);
            let mut dice = Dice(seed);
            let (start, mut rounds, mut taken) = (Instant::now(), 0_u64, 0_u64);
            while start.elapsed() < budget() {
                let sound = &sounds[dice.roll(sounds.len())];
                let bytes = mutated(&mut dice, sound);
                taken += u64::from(run(check, &bytes, || format!("{parser}: seed {seed:#x}, round {rounds}")));
                rounds += 1;
            }
            (parser, rounds, taken)
        })
    });
    let threads: Vec<_> = threads.collect();
    for thread in threads {
        let (parser, rounds, taken) = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        println!("{parser}: {rounds} mutations, {taken} of them well formed");
        assert!(taken > 0 && taken < rounds, "{parser}: the mutations reach both ways");
    }
}
