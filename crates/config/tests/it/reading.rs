//! What is read at all: limits, places, the specification's own blocks, and anything a broken editor may leave.

use super::user;
use mao_config::locate::{Found, trust_file, user_file};
use mao_config::{Inputs, Layer, Source, default_file, load, locate, trust};
use std::collections::BTreeMap;

/// The blocks of the multi-model usage specification, byte for byte.
const SPEC: &str = r#"
# Check if a model is enabled
[models]
codex_enabled = true       # GPT-5.3-Codex for plan review, debug escalation
gemini_enabled = true      # Gemini 3.1 Pro for PR review, web research, creative
nano_banana_enabled = true # Image generation
sora_enabled = true        # Video generation
local_llm_enabled = false  # Privacy-sensitive tasks (requires setup)
claude_teams_enabled = false # Parallel Claude instances (Phase 4)
[checkpoints]
plan_review = "ask"              # "auto" | "ask" | "off"
pr_cross_review = "ask"          # "auto" | "ask" | "off"
debug_escalation = "ask"         # Always "ask" recommended
creative_model_selection = "ask" # "auto" | "ask" | "off"
[models.effort_policy]
# Format: { claude = "adaptive|extended", codex = "none|low|medium|high|xhigh" }
architecture_decisions = { claude = "adaptive", codex = "xhigh" }
implementation          = { claude = "adaptive", codex = "medium" }
debugging_escalated     = { claude = "extended", codex = "xhigh" }
escalation_requires_artifacts = true  # MUST have failing tests/traces to escalate
[thresholds]
files_changed_suggest_review = 10
security_sensitive_patterns  = ["auth", "crypto", "token", ...]
suggest_gemini_for_context_above = 150000  # tokens → Gemini
suggest_codex_debug_after_cycles = 2       # failed cycles → Codex
[asset_pipeline]
output_dir     = "assets/ai-gen"
structure      = "{date}/{model}/{filename}"  # e.g., 2026-02-25/nbp/hero.png
store_prompts  = true  # Save prompt alongside output
store_seeds    = true  # Save seeds for reproducibility
store_metadata = true  # Provenance metadata (model, params, timestamp)
"#;

#[test]
fn cfg_01_the_specifications_own_blocks_load() {
    for text in [SPEC.to_owned(), SPEC.replace('\n', "\r\n"), format!("\u{feff}{SPEC}")] {
        let loaded = user(&text).unwrap_or_else(|errors| panic!("{errors}"));
        let enabled: Vec<&str> = loaded.policy.enabled.iter().map(|id| id.as_str()).collect();
        assert_eq!(enabled, ["codex", "gemini", "nano_banana", "sora"]);
        assert_eq!(loaded.settings.list("thresholds.security_sensitive_patterns"), ["auth", "crypto", "token"]);
        let [warning] = loaded.warnings.as_slice() else { panic!("one warning: {:?}", loaded.warnings) };
        let shown = warning.to_string();
        assert!(shown.starts_with("user.toml:23:60: `...` adds nothing"), "{shown}");
    }
}

#[test]
fn cfg_02_what_is_no_small_text_file_is_refused_at_once() {
    let huge = vec![b'#'; mao_config::source::LIMIT + 1];
    let cases: [(&[u8], &str); 4] = [
        (&huge, "larger than 1048576 bytes"),
        (b"[models]\0\n", "NUL byte at offset 8"),
        (b"[models]\n# \xff\xfe\n", "line 2 is not UTF-8"),
        (b"\xff\xfe[\0m\0", "NUL byte"),
    ];
    for (bytes, says) in cases {
        for inputs in [
            Inputs { user: Some(Source::new("file", bytes)), ..Inputs::default() },
            Inputs { project: Some(Source::new("file", bytes)), ..Inputs::default() },
        ] {
            let errors = load(&inputs).expect_err(says).to_string();
            assert!(errors.starts_with("file: ") && errors.contains(says), "{errors}");
        }
    }
}

#[test]
fn cfg_02_only_regular_files_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(Source::read(&folder.path().join("none.toml")).expect("nothing there"), None);
    let folder_error = Source::read(folder.path()).expect_err("a folder").to_string();
    assert!(folder_error.contains("not a regular file"), "{folder_error}");
    let file = folder.path().join("file.toml");
    std::fs::write(&file, vec![b'#'; 3 << 20]).expect("a file");
    let read = Source::read(&file).expect("a file").expect("a file");
    assert_eq!(read.bytes.len(), mao_config::source::LIMIT + 1, "never more than the limit and the byte that shows it");
    let zeros = Source::read(std::path::Path::new("/dev/zero")).expect_err("a device").to_string();
    assert!(zeros.contains("not a regular file"), "{zeros}");
}

#[test]
fn cfg_01_places_follow_the_base_directories() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("repository");
    std::fs::create_dir_all(root.join(".claude/config/multi-model.toml")).expect("a folder in the file's place");
    std::fs::create_dir_all(folder.path().join("xdg/mao")).expect("a folder");
    std::fs::write(folder.path().join("xdg/mao/multi-model.toml"), "").expect("a file");
    let shown = |name: &str| folder.path().join(name).display().to_string();
    let mut environment: BTreeMap<String, String> =
        [("HOME".to_owned(), shown("home")), ("XDG_CONFIG_HOME".to_owned(), shown("xdg"))].into();
    let places = locate(&environment, Some(&root));
    let seen: Vec<_> = places.iter().map(|place| (place.layer, place.found)).collect();
    assert_eq!(seen, [(Layer::User, Found::Yes), (Layer::Project, Found::NotAFile)]);
    assert_eq!(trust_file(&environment), Some(folder.path().join("home/.local/state/mao/trusted")));
    environment.insert("XDG_CONFIG_HOME".into(), "relative".into());
    assert_eq!(user_file(&environment), Some(folder.path().join("home/.config/mao/multi-model.toml")));
    assert_eq!(locate(&environment, None)[0].found, Found::No);
    assert_eq!(user_file(&BTreeMap::new()), None);
}

#[test]
fn cfg_01_the_trust_list_is_hashes_with_remarks() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("trusted");
    assert!(trust::read(&file).expect("no list").is_empty());
    let hash = Source::new("x", "text").hash();
    std::fs::write(&file, format!("# remarks\n{}  my/project\nnot-a-hash\n\n", hash.to_uppercase())).expect("a list");
    assert_eq!(trust::read(&file).expect("a list"), [hash].into());
}

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

#[test]
fn cfg_02_no_mutation_of_a_file_ends_in_a_panic() {
    let seed = 0x6d61_6f5f_636f_6e66;
    let mut dice = Dice(seed);
    let pieces: [&[u8]; 18] = [
        b"\"",
        b"'",
        b"[",
        b"]",
        b"{",
        b"}",
        b"=",
        b"\n",
        b".",
        b"...",
        b"#",
        b"\\u0000",
        b"\xc3\xa9",
        b"\xff",
        b"true",
        b"99999999999999999999",
        b"\"\"\"",
        b"[models]\n",
    ];
    let texts = [default_file().as_bytes(), SPEC.as_bytes()];
    let mut loaded = 0;
    for round in 0..2000 {
        let mut bytes = texts[round % 2].to_vec();
        for _ in 0..=dice.roll(4) {
            let at = dice.roll(bytes.len());
            let end = (at + dice.roll(12)).min(bytes.len());
            match dice.roll(4) {
                0 => drop(bytes.drain(at..end)),
                1 => drop(bytes.splice(at..at, pieces[dice.roll(pieces.len())].iter().copied())),
                2 => drop(bytes.splice(at..end, pieces[dice.roll(pieces.len())].iter().copied())),
                _ => bytes.truncate(at),
            }
        }
        let mut inputs = Inputs::default();
        let layer = if round % 4 < 2 { &mut inputs.user } else { &mut inputs.project };
        *layer = Some(Source::new("mutated.toml", bytes.clone()));
        let outcome = std::panic::catch_unwind(|| load(&inputs).map_err(|errors| errors.to_string()));
        let outcome =
            outcome.unwrap_or_else(|_| panic!("seed {seed:#x} round {round}: {}", String::from_utf8_lossy(&bytes)));
        loaded += usize::from(outcome.is_ok());
    }
    assert!((100..1900).contains(&loaded), "{loaded} of 2000 loaded: the mutations reach both ways");
}
