//! From turns to a script's files: what a recording is written with.
//!
//! Contents of files and structured replies lie beneath `files/`, byte for byte; everything else stands in the steps'
//! own files. What is written is read back as the same turns, places apart.

use super::beneath;
use super::error::ScriptError;
use super::format::{Act, Ending, Turn};
use mao_core::fault::Fault;
use mao_core::reply::Usage;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Writes a script into `dir`, which must exist: a file per step, and what its actions name.
///
/// # Errors
/// [`ScriptError::Unreadable`] for a file that cannot be written, [`ScriptError::Bad`] for an action that only the fake
/// model server or the fake command line can play: no recording holds one.
pub fn write(dir: &Path, steps: &BTreeMap<String, Vec<Turn>>) -> Result<(), ScriptError> {
    for (step, turns) in steps {
        let mut out = String::new();
        for (at, turn) in turns.iter().enumerate() {
            let one = Writing { dir, files: format!("files/{step}-{}", at + 1) };
            out.push_str(&one.turn(turn)?);
        }
        writing(dir, Path::new(&format!("{step}.toml")), out.as_bytes())?;
    }
    Ok(())
}

fn writing(dir: &Path, path: &Path, content: &[u8]) -> Result<(), ScriptError> {
    let wrong = |cause| ScriptError::Unreadable { file: dir.join(path).display().to_string(), cause };
    beneath::write(dir, path, content).map_err(wrong)
}

/// One turn on its way to its files.
struct Writing<'a> {
    dir: &'a Path,
    files: String,
}

impl Writing<'_> {
    fn turn(&self, turn: &Turn) -> Result<String, ScriptError> {
        let mut out = String::from("[[turn]]\n");
        for (key, words) in [("models", &turn.models), ("expects", &turn.expects), ("lacks", &turn.lacks)] {
            if !words.is_empty() {
                let words: Vec<String> = words.iter().map(|word| text(word)).collect();
                out.push_str(&format!("{key} = [{}]\n", words.join(", ")));
            }
        }
        for (key, value) in [("served", &turn.served), ("effort", &turn.effort)] {
            if let Some(value) = value {
                out.push_str(&format!("{key} = {}\n", text(value)));
            }
        }
        let Usage { input, cached, output, thinking, micro_usd } = turn.usage;
        let money = micro_usd.map_or_else(String::new, |money| format!(", micro_usd = {money}"));
        out.push_str(&format!(
            "usage = {{ input = {input}, cached = {cached}, output = {output}, thinking = {thinking}{money} }}\nact = [\n"
        ));
        for (at, placed) in turn.acts.iter().enumerate() {
            let act = self.act(at, &placed.act)?.map_err(|what| placed.at.bad(what))?;
            out.push_str(&format!("  {{ {act} }},\n"));
        }
        out.push_str("]\n\n");
        Ok(out)
    }

    /// An action's table without its braces, or why no recording holds it.
    fn act(&self, at: usize, act: &Act) -> Result<Result<String, String>, ScriptError> {
        let shown = |path: &Path| text(&path.to_string_lossy());
        let file = |name: &Path, content: &[u8]| {
            let inner = PathBuf::from(&self.files).join(name);
            writing(self.dir, &inner, content).map(|()| shown(&inner))
        };
        Ok(match act {
            Act::Say(said) => Ok(format!("say = {}", text(said))),
            Act::Think(thought) => Ok(format!("think = {}", text(thought))),
            Act::Json(value) => {
                let name = file(Path::new(&format!("{at}.json")), value.to_string().as_bytes())?;
                Ok(format!("json_file = {name}"))
            }
            Act::Edit { path, content } => {
                let name = file(&Path::new("tree").join(path), content)?;
                Ok(format!("edit = {{ path = {}, from = {name} }}", shown(path)))
            }
            Act::Delete { path } => Ok(format!("delete = {{ path = {} }}", shown(path))),
            Act::Link(link) => Ok(format!("link = {{ path = {}, to = {} }}", shown(&link.path), text(&link.to))),
            Act::Executable { path } => Ok(format!("executable = {{ path = {} }}", shown(path))),
            Act::Sleep(time) => Ok(format!("sleep_ms = {}", time.as_millis())),
            Act::End(Ending::MaxTokens) => Ok("end = \"max_tokens\"".to_owned()),
            Act::End(Ending::Refusal) => Ok("end = \"refusal\"".to_owned()),
            Act::End(Ending::Empty) => Ok("end = \"empty\"".to_owned()),
            Act::Fault(fault) => self::fault(fault),
            Act::Run(_)
            | Act::Tool(_)
            | Act::Hang(_)
            | Act::Garbage(_)
            | Act::Cut(_)
            | Act::Http(_)
            | Act::StreamError(_)
            | Act::Exit(_) => Err(format!("a recording holds no `{}`", act.word())),
        })
    }
}

/// A fault's table: its kind and, where the kind has one, its moment.
fn fault(fault: &Fault) -> Result<String, String> {
    let value = serde_json::to_value(fault).map_err(|wrong| wrong.to_string())?;
    let kind = value.get("kind").and_then(Value::as_str).ok_or("a fault without a kind")?;
    let until = value.get("until").and_then(Value::as_u64).map_or_else(String::new, |at| format!(", until_ms = {at}"));
    Ok(format!("fault = {{ kind = {}{until}, hint = {} }}", text(kind), text(&fault.hint)))
}

/// A basic string of TOML: one line, and the same text when it is read.
fn text(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::super::format::{Link, Placed};
    use super::super::{At, Script};
    use super::*;
    use mao_core::fault::FaultKind;
    use mao_core::ids::Stamp;

    #[test]
    fn what_is_written_is_read_as_the_same_turns() {
        let at = At { file: String::new(), line: 0 };
        let turn = |acts: Vec<Act>| Turn {
            at: at.clone(),
            models: Vec::new(),
            expects: Vec::new(),
            lacks: Vec::new(),
            served: Some("a \"model\"".into()),
            effort: None,
            usage: Usage { input: 3, cached: 1, output: 2, thinking: 0, micro_usd: Some(7) },
            acts: acts.into_iter().map(|act| Placed { at: at.clone(), act }).collect(),
        };
        let until = Some(Stamp(1_790_000_000_000));
        let steps = BTreeMap::from([(
            "work.1.core".to_owned(),
            vec![
                turn(vec![Act::Fault(Fault::new(FaultKind::RateLimited { until }, "later, 'please'"))]),
                turn(vec![
                    Act::Delete { path: "a b/old".into() },
                    Act::Edit { path: "src/ü\"x".into(), content: b"\0\xff\r\n".to_vec() },
                    Act::Executable { path: "src/ü\"x".into() },
                    Act::Link(Link { path: "l".into(), to: "../out".into() }),
                    Act::Json(serde_json::json!({ "file": null, "claim": "no" })),
                    Act::Say("two\r\nlines\u{1b}[0m \\ \u{202e}".into()),
                ]),
            ],
        )]);
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &steps).unwrap();
        let script = Script::load(dir.path()).unwrap();
        let read: Vec<(&str, Vec<&Act>, &Option<String>, Usage)> = script
            .turns()
            .map(|(step, turn)| (step, turn.acts.iter().map(|placed| &placed.act).collect(), &turn.served, turn.usage))
            .collect();
        let written: Vec<(&str, Vec<&Act>, &Option<String>, Usage)> = steps["work.1.core"]
            .iter()
            .map(|turn| ("work.1.core", turn.acts.iter().map(|placed| &placed.act).collect(), &turn.served, turn.usage))
            .collect();
        assert_eq!(read, written);
    }
}
