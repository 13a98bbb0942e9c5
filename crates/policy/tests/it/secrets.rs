//! Secrets on their way out: made from seeds at run time, so that none stands in a source.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mao_policy::secret::{Stream, clean, kinds, scan};
use std::collections::BTreeSet;
use std::path::Path;

/// A small generator: the same seed gives the same samples.
struct Dice(u64);

impl Dice {
    fn of(&mut self, letters: &str) -> char {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let at = (self.0 >> 11) as usize % letters.len();
        char::from(letters.as_bytes()[at])
    }
}

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGIT: &str = "0123456789";

/// One secret of a kind: what stands around it, with the secret as `{}`, and the secret's parts: a literal, or letters and
/// how many of them.
#[derive(Clone, Copy)]
enum Part {
    Is(&'static str),
    Hex(usize),
    Alnum(usize),
    Big(usize),
    Url(usize),
    Digits(usize),
    B64(usize),
}
use Part::{Alnum, B64, Big, Digits, Hex, Is, Url};

type Row = (&'static str, &'static str, &'static [Part]);

/// Every kind with a form of it. The literals alone are no secrets.
const FORMS: &[Row] = &[
    ("private key", "{}\nMIIE\n", &[Is("-----BEGIN "), Is("RSA PRIVATE"), Is(" KEY-----")]),
    ("private key", "{}\n", &[Is("-----BEGIN "), Is("OPENSSH PRIVATE"), Is(" KEY-----")]),
    ("age secret key", "{}", &[Is("AGE-SECRET-KEY-1"), Big(58)]),
    ("AWS access key id", "{}", &[Is("AKIA"), Big(16)]),
    ("AWS access key id", "{}", &[Is("ASIA"), Big(16)]),
    ("AWS secret key", "aws_secret_access_key = {}", &[B64(40)]),
    ("GitHub token", "{}", &[Is("ghp_"), Alnum(36)]),
    ("GitHub token", "{}", &[Is("ghs_"), Alnum(40)]),
    ("GitHub fine-grained token", "{}", &[Is("github_pat_"), Alnum(22), Is("_"), Alnum(59)]),
    ("GitLab token", "{}", &[Is("glpat-"), Url(20)]),
    ("Anthropic key", "{}", &[Is("sk-ant-"), Is("api03-"), Url(93), Alnum(2)]),
    ("OpenAI key", "{}", &[Is("sk-proj-"), Url(120)]),
    ("OpenAI key, old form", "{}", &[Is("sk-"), Alnum(48)]),
    ("Google API key", "{}", &[Is("AIza"), Url(35)]),
    ("Google OAuth token", "{}", &[Is("ya29."), Url(90)]),
    ("Google OAuth client secret", "{}", &[Is("GOCSPX-"), Url(28)]),
    ("Hugging Face token", "{}", &[Is("hf_"), Alnum(34)]),
    ("npm token", "{}", &[Is("npm_"), Alnum(36)]),
    ("PyPI token", "{}", &[Is("pypi-AgEI"), Url(90)]),
    ("crates.io token", "{}", &[Is("cio"), Alnum(32)]),
    ("RubyGems key", "{}", &[Is("rubygems_"), Hex(48)]),
    ("Docker Hub token", "{}", &[Is("dckr_pat_"), Url(27)]),
    ("Slack token", "{}", &[Is("xoxb-"), Digits(12), Is("-"), Digits(12), Is("-"), Alnum(24)]),
    ("Slack app token", "{}", &[Is("xapp-1-"), Big(11), Is("-"), Digits(13), Is("-"), Hex(64)]),
    (
        "Slack webhook",
        "https://hooks.slack.com/services/{}",
        &[Is("T"), Big(10), Is("/B"), Big(10), Is("/"), Alnum(24)],
    ),
    ("Stripe key", "{}", &[Is("sk_live_"), Alnum(24)]),
    ("Stripe webhook secret", "{}", &[Is("whsec_"), Alnum(32)]),
    ("SendGrid key", "{}", &[Is("SG."), Url(22), Is("."), Url(43)]),
    ("Twilio key", "{}", &[Is("SK"), Hex(32)]),
    ("Mailgun key", "{}", &[Is("key-"), Hex(32)]),
    ("DigitalOcean token", "{}", &[Is("dop_v1_"), Hex(64)]),
    ("Shopify token", "{}", &[Is("shpat_"), Hex(32)]),
    ("Square token", "{}", &[Is("sq0atp-"), Url(22)]),
    ("Databricks token", "{}", &[Is("dapi"), Hex(32)]),
    ("HashiCorp Vault token", "{}", &[Is("hvs."), Url(90)]),
    ("Terraform token", "{}", &[Alnum(14), Is(".atlasv1."), Url(67)]),
    ("Linear key", "{}", &[Is("lin_api_"), Alnum(40)]),
    ("Notion token", "{}", &[Is("ntn_"), Alnum(46)]),
    ("Grafana token", "{}", &[Is("glsa_"), Alnum(32), Hex(9)]),
    ("Telegram bot token", "{}", &[Digits(9), Is(":AA"), Url(33)]),
    ("Discord bot token", "{}", &[Is("M"), Alnum(24), Is("."), Url(6), Is("."), Url(30)]),
    ("Azure storage key", "AccountName=a;AccountKey={};EndpointSuffix=b", &[B64(86), Is("==")]),
    ("JSON web token", "{}", &[Is("eyJ"), Url(30), Is(".eyJ"), Url(60), Is("."), Url(43)]),
    ("password in an address", "postgres://shop:{}@db.internal/shop", &[Alnum(20)]),
    ("bearer token", "Authorization: Bearer {}", &[Alnum(40)]),
    ("assigned secret", "db_password = \"{}\"", &[Url(24)]),
    ("assigned secret in an environment file", "SERVICE_API_KEY={}\n", &[Alnum(32)]),
];

fn made(dice: &mut Dice, parts: &[Part]) -> String {
    let alnum = [LOWER, UPPER, DIGIT].concat();
    let mut letters = |letters: &str, count: usize| (0..count).map(|_| dice.of(letters)).collect::<String>();
    let each = |part: &Part| match *part {
        Is(text) => text.to_owned(),
        Hex(count) => letters("0123456789abcdef", count),
        Alnum(count) => letters(&alnum, count),
        Big(count) => letters(&[UPPER, DIGIT].concat(), count),
        // Neither begins nor ends where a word would not.
        Url(count) => letters(&alnum, 1) + &letters(&[&alnum, "-_"].concat(), count - 2) + &letters(&alnum, 1),
        Digits(count) => letters(DIGIT, count),
        B64(count) => letters(&[&alnum, "+/"].concat(), count),
    };
    parts.iter().map(each).collect()
}

/// The places in which a secret goes out.
fn places(text: &str) -> Vec<String> {
    let wrapped: Vec<String> =
        STANDARD.encode(text).as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    vec![
        format!("Look at this:\n{text}\nand go on."),
        format!("diff --git a/.env b/.env\n@@ -1 +1 @@\n-old\n+{text}\n"),
        format!("2026-11-20T10:00:00Z INFO request failed\n{text}\n"),
        format!("HTTP 401\n\n{{\"error\":\"bad\",\"sent\":\"\n{text}\n\"}}"),
        format!("token in base64: {}", STANDARD.encode(text)),
        format!("?state={}&x=1", URL_SAFE_NO_PAD.encode(text)),
        format!("data:\n{}\n", wrapped.join("\n")),
        format!("{}\n{text}\n{}", "filler line\n".repeat(400), "more filler\n".repeat(400)),
        format!("one\n\n{text}\n\ntwo"),
    ]
}

#[test]
fn prv_06_no_sample_of_any_kind_leaves() {
    let mut dice = Dice(0x5eed_2026_1120_0001);
    let (mut samples, mut kinds_seen) = (0, BTreeSet::new());
    for (kind, around, parts) in FORMS {
        let secret = made(&mut dice, parts);
        let text = around.replace("{}", &secret);
        let plain = scan(&text);
        assert!(plain.iter().any(|found| found.kind == *kind), "{kind}: {plain:?} in {text}");
        kinds_seen.insert(*kind);
        for place in places(&text) {
            samples += 1;
            let cleaned = clean(&place);
            assert!(!cleaned.found.is_empty(), "{kind}: {place}");
            let left = cleaned.text.unwrap_or_default();
            for form in [secret.clone(), STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                assert!(!left.contains(&form), "{kind}: {form} is left in {left}");
            }
        }
    }
    assert!(samples >= 400 && kinds_seen.len() >= 30, "{samples} samples of {} kinds", kinds_seen.len());
    let known: BTreeSet<&str> = kinds().into_iter().collect();
    assert_eq!(known, kinds_seen, "every rule has a sample");
}

#[test]
fn prv_06_a_secret_that_comes_in_pieces_is_whole_before_anything_leaves() {
    let mut dice = Dice(0x5eed_2026_1120_0002);
    for (kind, around, parts) in FORMS {
        let secret = made(&mut dice, parts);
        let text = format!("before\n\n{}\n\nafter {}", around.replace("{}", &secret), "word ".repeat(30));
        for size in [1, 7, 64] {
            let mut stream = Stream::default();
            let letters: Vec<char> = text.chars().collect();
            let pieces = letters.chunks(size).map(|piece| stream.push(&piece.iter().collect::<String>()));
            let mut cleaned: Vec<_> = pieces.collect();
            cleaned.push(stream.finish());
            let blocked = cleaned.iter().any(|each| each.text.is_none());
            let left: String = cleaned.into_iter().filter_map(|each| each.text).collect();
            assert!(!left.contains(&secret), "{kind} in pieces of {size}: {left}");
            assert!(blocked || left.starts_with("before") && left.contains("after word"), "{left}");
        }
    }
}

#[test]
fn prv_06_a_private_key_blocks_and_a_placeholder_is_none() {
    let key = ["-----BEGIN ", "EC PRIVATE", " KEY-----\nMHcC\n"].concat();
    assert_eq!(clean(&key).text, None);
    for text in [
        "password = \"changeme-changeme\"",
        "API_KEY=${SECRET_FROM_THE_VAULT}",
        "OPENAI_API_KEY=<your key here>",
        "postgres://user:${PASSWORD}@host/db",
        "let token = next_token();",
        "commit 0123456789abcdef0123456789abcdef01234567",
        "AKIAIOSFODNN7EXAMPLE",
    ] {
        assert_eq!(scan(text), Vec::new(), "{text}");
    }
}

fn sources(beneath: &Path, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(beneath).expect("readable") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() && !matches!(name.as_str(), "target" | ".git" | "node_modules" | "corpus") {
            sources(&path, files);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            files.push(text);
        }
    }
}

#[test]
fn prv_06_at_most_one_false_alarm_in_ten_thousand_lines_of_this_project() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."), &mut files);
    let lines: usize = files.iter().map(|text| text.lines().count()).sum();
    let alarms: Vec<String> =
        files.iter().flat_map(|text| scan(text).into_iter().map(|f| format!("{}: {}", f.kind, &text[f.at]))).collect();
    assert!(lines > 20_000, "{lines}");
    assert!(alarms.len() <= lines / 10_000, "{} alarms in {lines} lines: {alarms:#?}", alarms.len());
}
