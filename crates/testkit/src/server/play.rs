//! From a request to what is sent back: which turn, which of its moves, and what befalls it.
//!
//! A turn is a row of *moves*, one answer of the model each: every call of a tool ends a move, the rest of the turn
//! is the last one. Which move a request asks for is the count of tool results in its conversation, so that a client
//! which tries again gets the same move again; only `times` is remembered between requests.

use super::anthropic::Anthropic;
use super::dialect::{Answer, Asked, Block, Call, Deed, Dialect, Event};
use super::gemini::Gemini;
use super::log::{Log, Seen};
use super::openai::OpenAi;
use mao_core::reply::Usage;
use mao_providers::script::{Act, Ending, Http, Script, Stage, Turn};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What is sent back.
#[derive(Debug)]
pub(super) enum Sent {
    /// A whole response, after a pause.
    Whole { status: u16, headers: BTreeMap<String, String>, body: String, pause: Duration },
    /// A stream of events.
    Stream { pause: Duration, pieces: Vec<Piece> },
    /// Nothing, without an end.
    Hang,
    /// The connection breaks before a byte was sent.
    Cut,
}

/// A piece of a stream.
#[derive(Debug)]
pub(super) enum Piece {
    Data(String),
    Pause(Duration),
    Hang,
    Cut,
}

/// A request as HTTP gives it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) kept_path: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Value,
}

/// Plays a script to whoever asks.
#[derive(Debug)]
pub(super) struct Player {
    script: Script,
    log: Arc<Log>,
    serial: AtomicU64,
    /// How often an action has befallen a request, by step, attempt, and place in the script.
    charged: Mutex<HashMap<String, u32>>,
}

/// One answer of the model, and what goes wrong on its way.
#[derive(Debug, Default)]
struct Move<'a> {
    /// Each with its number within the turn.
    acts: Vec<(usize, &'a Act)>,
    call: Option<Call>,
    /// Whether the call carries the structured reply.
    structured: bool,
}

impl Player {
    pub(super) fn new(script: Script, log: Arc<Log>) -> Self {
        Self { script, log, serial: AtomicU64::new(1), charged: Mutex::default() }
    }

    /// Answers a request and logs it.
    pub(super) fn answer(&self, request: &Request) -> Sent {
        let mut seen = Seen {
            number: 0,
            vendor: None,
            method: request.method.clone(),
            path: request.kept_path.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            model: None,
            step: None,
            attempt: None,
            offered: Vec::new(),
            results: Vec::new(),
            played: String::new(),
            problem: None,
        };
        let sent = self.route(request, &mut seen);
        self.log.add(seen);
        sent
    }

    fn route(&self, request: &Request, seen: &mut Seen) -> Sent {
        let path = request.path.split('?').next().unwrap_or_default();
        let (dialect, count): (&dyn Dialect, bool) = match path.trim_end_matches('/') {
            _ if request.method != "POST" => return other(request, path, seen),
            path if path.ends_with("/messages") => (&Anthropic, false),
            path if path.ends_with("/messages/count_tokens") => (&Anthropic, true),
            path if path.ends_with("/responses") => (&OpenAi, false),
            path if path.ends_with("/responses/input_tokens") => (&OpenAi, true),
            path if path.ends_with("enerateContent") => (&Gemini, false),
            path if path.ends_with(":countTokens") => (&Gemini, true),
            _ => return other(request, path, seen),
        };
        seen.vendor = Some(dialect.name());
        if count {
            seen.played = "count".into();
            let tokens = request.body.to_string().len() as u64 / 4;
            return whole(200, dialect.count(tokens).to_string(), Duration::ZERO);
        }
        let asked = dialect.read(path, &request.body);
        seen.model = Some(asked.model.clone());
        seen.offered.clone_from(&asked.tools);
        seen.results.clone_from(&asked.results);
        if let Some((step, acknowledged)) = &asked.marker {
            seen.step = Some(step.clone());
            seen.attempt = Some(acknowledged.saturating_add(1));
        }
        self.play(dialect, &asked, seen).unwrap_or_else(|problem| {
            seen.played = "problem".into();
            let body = dialect.error(400, None, &format!("fake model server: {problem}"));
            seen.problem = Some(problem);
            whole(400, body.to_string(), Duration::ZERO)
        })
    }

    fn play(&self, dialect: &dyn Dialect, asked: &Asked, seen: &mut Seen) -> Result<Sent, String> {
        let (step, acknowledged) = asked.marker.as_ref().ok_or("the request has no `[mao step … attempt …]`")?;
        let turn = self.script.turn(step, *acknowledged).map_err(|error| error.to_string())?;
        turn.check(&asked.model, &asked.prompt).map_err(|error| error.to_string())?;
        let moves = moves(dialect, asked, turn)?;
        let at = asked.results.len().min(moves.len().saturating_sub(1));
        // A client stops at its structured reply, so the cost goes with that where there is one.
        let paid = moves.iter().position(|one| one.structured).unwrap_or(moves.len().saturating_sub(1));
        let now = moves.into_iter().nth(at).unwrap_or_default();
        let key = |number: usize| format!("{step} {acknowledged} {number}");
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let mut answer = Answer {
            serial,
            served: turn.served.clone().unwrap_or_else(|| asked.model.clone()),
            blocks: Vec::new(),
            usage: if at == paid { turn.usage } else { Usage::default() },
            ending: None,
        };
        let mut pauses: BTreeMap<usize, Duration> = BTreeMap::new();
        let (mut json, mut broken) = (None, None::<(&'static str, Vec<Piece>)>);
        for (number, act) in now.acts {
            let befalls = |times: Option<u32>| self.befalls(&key(number), times);
            match act {
                Act::Say(text) => answer.blocks.push(Block::Say(text.clone())),
                Act::Think(text) => answer.blocks.push(Block::Think(text.clone())),
                Act::Json(value) => json = Some(value.to_string()),
                Act::Sleep(time) => *pauses.entry(answer.blocks.len()).or_default() += *time,
                Act::End(ending) => answer.ending = Some(*ending),
                Act::Http(http) if befalls(http.times) => {
                    seen.played = format!("http {}", http.status);
                    return Ok(refused(dialect, http, pauses.values().sum()));
                }
                Act::Hang(stall) if befalls(stall.times) => match stall.at {
                    Stage::Headers => {
                        seen.played = "hang".into();
                        return Ok(Sent::Hang);
                    }
                    Stage::Stream => broken = Some(("hang", vec![Piece::Hang])),
                },
                Act::Cut(stall) if befalls(stall.times) => match stall.at {
                    Stage::Headers => {
                        seen.played = "cut".into();
                        return Ok(Sent::Cut);
                    }
                    Stage::Stream => broken = Some(("cut", vec![Piece::Cut])),
                },
                Act::Garbage(stall) if befalls(stall.times) => {
                    let text = stall.text.clone().unwrap_or_else(|| GARBAGE.into());
                    if stall.at == Stage::Headers {
                        seen.played = "garbage".into();
                        return Ok(whole(200, text, pauses.values().sum()));
                    }
                    broken = Some(("garbage", vec![Piece::Data(text)]));
                }
                Act::StreamError(error) if befalls(error.times) => {
                    let message = error.message.as_deref().unwrap_or("scripted error");
                    let events = dialect.stream_error(asked, serial, &error.code, message);
                    let wire = events.iter().map(|event| Piece::Data(event.wire())).collect();
                    broken = Some(("stream_error", wire));
                }
                Act::Http(_) | Act::Hang(_) | Act::Cut(_) | Act::Garbage(_) | Act::StreamError(_) => {}
                Act::Edit { .. } | Act::Delete { .. } | Act::Run(_) | Act::Tool(_) => {}
                Act::Link(_) | Act::Executable { .. } | Act::Fault(_) | Act::Exit(_) => {}
            }
            if broken.is_some() {
                break;
            }
        }
        if broken.is_none() {
            answer.blocks.extend(json.map(Block::Say));
            answer.blocks.extend(now.call.map(Block::Call));
            if answer.ending == Some(Ending::Empty) {
                answer.blocks.clear();
            }
        }
        let calls: Vec<&str> = answer.calls().map(|call| call.name.as_str()).collect();
        seen.played = match &broken {
            Some((word, _)) => (*word).into(),
            None if answer.ending.is_some() => "end".into(),
            None if calls.is_empty() => "say".into(),
            None => format!("call {}", calls.join(" ")),
        };
        if !asked.stream && broken.is_none() {
            return Ok(whole(200, dialect.whole(asked, &answer).to_string(), pauses.values().sum()));
        }
        let pause = pauses.remove(&0).unwrap_or_default();
        Ok(Sent::Stream { pause, pieces: pieces(dialect.stream(asked, &answer), &pauses, broken.map(|(_, end)| end)) })
    }

    /// Whether an action that befalls `times` requests befalls this one too; counts it.
    fn befalls(&self, key: &str, times: Option<u32>) -> bool {
        let Some(times) = times else { return true };
        let mut charged = self.charged.lock().unwrap_or_else(PoisonError::into_inner);
        let count = charged.entry(key.to_owned()).or_default();
        *count = count.saturating_add(1);
        *count <= times
    }
}

/// What is sent for `garbage` where the script says nothing of it.
const GARBAGE: &str = "<html>\u{0}<body>502 Bad Gateway</body>\n{\"type\":\n\n";

/// The turn as answers of the model.
fn moves<'a>(dialect: &dyn Dialect, asked: &Asked, turn: &'a Turn) -> Result<Vec<Move<'a>>, String> {
    let mut moves = Vec::new();
    let mut now = Move::default();
    for (number, placed) in turn.acts.iter().enumerate() {
        if matches!(placed.act, Act::Link(_) | Act::Executable { .. } | Act::Fault(_) | Act::Exit(_)) {
            return Err(format!("{}: the fake model server cannot play `{}`", placed.at, placed.act.word()));
        }
        let deed = Deed::of(&placed.act);
        let calls = deed.and_then(|deed| deed.map_or_else(|| Ok(Vec::new()), |deed| dialect.calls(asked, deed)));
        let calls = calls.map_err(|what| format!("{}: {what}", placed.at))?;
        if calls.is_empty() {
            now.acts.push((number, &placed.act));
        }
        for call in calls {
            now.call = Some(call);
            now.structured = matches!(placed.act, Act::Json(_));
            moves.push(std::mem::take(&mut now));
        }
    }
    moves.push(now);
    Ok(moves)
}

/// A stream in pieces: pauses before their blocks, and the broken end in place of the good one.
fn pieces(events: Vec<Event>, pauses: &BTreeMap<usize, Duration>, broken: Option<Vec<Piece>>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut paused = BTreeMap::new();
    let mut begun = false;
    // A vendor's frame begins before its first block; what follows the blocks is the end.
    let last_block = events.iter().rposition(|event| event.block.is_some());
    for (at, event) in events.into_iter().enumerate() {
        let after = last_block.is_some_and(|last| at > last);
        let ends = event.block.is_none() && (after || (last_block.is_none() && !event.opens()));
        if broken.is_some() && ends {
            break;
        }
        begun = begun || event.block.is_some();
        let place = event.block.unwrap_or(if begun { usize::MAX } else { 0 });
        for (&before, &time) in pauses.range(..=place) {
            paused.entry(before).or_insert_with(|| pieces.push(Piece::Pause(time)));
        }
        pieces.push(Piece::Data(event.wire()));
    }
    pieces.extend(broken.into_iter().flatten());
    pieces
}

fn whole(status: u16, body: String, pause: Duration) -> Sent {
    let headers = BTreeMap::from([("content-type".into(), "application/json".into())]);
    Sent::Whole { status, headers, body, pause }
}

/// An HTTP error in the vendor's form.
fn refused(dialect: &dyn Dialect, http: &Http, pause: Duration) -> Sent {
    let message = http.message.as_deref().unwrap_or("scripted error");
    let body = http.body.clone();
    let body = body.unwrap_or_else(|| dialect.error(http.status, http.code.as_deref(), message).to_string());
    let mut headers = BTreeMap::from([("content-type".into(), "application/json".into())]);
    headers.extend(http.retry_after.map(|seconds| ("retry-after".into(), seconds.to_string())));
    headers.extend(http.headers.clone());
    Sent::Whole { status: http.status, headers, body, pause }
}

/// What is no question for a model: health, lists, telemetry.
fn other(request: &Request, path: &str, seen: &mut Seen) -> Sent {
    let (status, body) = match path.trim_end_matches('/') {
        "" => (200, "{}"),
        path if request.method == "GET" && path.ends_with("/models") => {
            (200, r#"{"object":"list","data":[],"models":[],"has_more":false,"first_id":null,"last_id":null}"#)
        }
        _ => (404, "{}"),
    };
    seen.played = if status == 200 { "ok".into() } else { status.to_string() };
    whole(status, body.into(), Duration::ZERO)
}
