//! A plain HTTP client, so that broken answers can be told from whole ones.

use mao_providers::script::{Script, marker};
use mao_testkit::server::FakeServer;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A vendor's protocol as a client speaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    Anthropic,
    OpenAi,
    /// OpenAI with the tools of Codex's code mode.
    CodeMode,
    Gemini,
}

pub const VENDORS: [Vendor; 4] = [Vendor::Anthropic, Vendor::OpenAi, Vendor::CodeMode, Vendor::Gemini];

/// Whole answer or stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Whole,
    Stream,
}

/// A request of a vendor's client after `results` came back from tools.
pub fn request(vendor: Vendor, form: Form, prompt: &str, results: &[&str]) -> (String, Value) {
    let stream = form == Form::Stream;
    match vendor {
        Vendor::Anthropic => {
            let mut messages = vec![json!({ "role": "user", "content": [{ "type": "text", "text": prompt }] })];
            messages.push(json!({ "role": "system", "content": " - Primary working directory: /w\n" }));
            for (at, result) in results.iter().enumerate() {
                let id = format!("t{at}");
                let call = json!({ "type": "tool_use", "id": id, "name": "Bash", "input": {} });
                let back = json!({ "type": "tool_result", "tool_use_id": id, "content": result });
                messages.push(json!({ "role": "assistant", "content": [call] }));
                messages.push(json!({ "role": "user", "content": [back] }));
            }
            let tools = ["Bash", "Read", "Write"].map(|name| json!({ "name": name, "input_schema": {} }));
            let body =
                json!({ "model": "m-1", "max_tokens": 9, "messages": messages, "tools": tools, "stream": stream });
            ("/v1/messages?beta=true".into(), body)
        }
        Vendor::OpenAi | Vendor::CodeMode => {
            let part = |text: &str| json!([{ "type": "input_text", "text": text }]);
            let mut input = vec![json!({ "type": "message", "role": "user", "content": part(prompt) })];
            for result in results {
                input.push(json!({ "type": "function_call_output", "call_id": "c", "output": result }));
            }
            let mut body = json!({ "model": "m-1", "stream": stream });
            if vendor == Vendor::CodeMode {
                let space = json!({ "type": "namespace", "name": "functions", "tools": [{ "type": "custom", "name": "exec" }] });
                input.insert(0, json!({ "type": "additional_tools", "role": "developer", "tools": [space] }));
            } else {
                body["tools"] = json!([{ "type": "function", "name": "exec_command" }, { "type": "web_search" }]);
            }
            body["input"] = input.into();
            ("/v1/responses".into(), body)
        }
        Vendor::Gemini => {
            let mut contents = vec![json!({ "role": "user", "parts": [{ "text": prompt }] })];
            for result in results {
                let part = json!({ "functionResponse": { "name": "f", "response": { "output": result } } });
                contents.push(json!({ "role": "model", "parts": [{ "functionCall": { "name": "f", "args": {} } }] }));
                contents.push(json!({ "role": "user", "parts": [part] }));
            }
            let names = ["write_file", "run_shell_command"].map(|name| json!({ "name": name }));
            let path = if stream {
                "/v1beta/models/m-1:streamGenerateContent?alt=sse"
            } else {
                "/v1/models/m-1:generateContent"
            };
            (path.into(), json!({ "contents": contents, "tools": [{ "functionDeclarations": names }] }))
        }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Got {
    /// 0 where the connection broke before an answer.
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
    pub end: End,
}

/// How the answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Whole,
    Broken,
    /// Nothing came any more for half a second.
    Silent,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The data of every event of a stream.
    pub fn events(&self) -> Vec<Value> {
        let data = self.body.lines().filter_map(|line| line.strip_prefix("data: "));
        data.map(|data| serde_json::from_str(data).unwrap()).collect()
    }
}

/// Asks and reads to the end of the connection.
pub fn ask(server: &FakeServer, method: &str, path: &str, body: &Value) -> Got {
    let address = server.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let body = body.to_string();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer sk-secret\r\n\
         x-api-key: sk-secret\r\nx-goog-api-key: sk-secret\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let mut bytes = Vec::new();
    let silent = stream.read_to_end(&mut bytes).is_err();
    let text = String::from_utf8(bytes).unwrap();
    let Some((head, rest)) = text.split_once("\r\n\r\n") else {
        let end = if silent { End::Silent } else { End::Broken };
        return Got { status: 0, headers: BTreeMap::new(), body: String::new(), end };
    };
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let (body, whole) = if headers.contains_key("transfer-encoding") { unchunk(rest) } else { (rest.to_owned(), true) };
    let end = if silent {
        End::Silent
    } else if whole {
        End::Whole
    } else {
        End::Broken
    };
    Got { status, headers, body, end }
}

/// The body of a chunked answer, and whether its last chunk came.
fn unchunk(mut rest: &str) -> (String, bool) {
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return (body, true);
        }
        body.push_str(&after[..size]);
        rest = &after[size + 2..];
    }
    (body, false)
}

/// A server with a script of one turn of the step `plan`.
pub fn server(acts: &str) -> FakeServer {
    let usage = "usage = { input = 90, cached = 40, output = 20, thinking = 5 }";
    let text = format!("[[turn]]\n{usage}\nact = [{acts}]\n");
    FakeServer::start(Script::from_texts([("plan", text.as_str())]).unwrap()).unwrap()
}

/// Asks for the first turn of `plan`.
pub fn plan(server: &FakeServer, vendor: Vendor, form: Form, results: &[&str]) -> Got {
    let (path, body) = request(vendor, form, &format!("do it\n{}\n", marker("plan", 0)), results);
    ask(server, "POST", &path, &body)
}
