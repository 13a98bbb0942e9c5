//! `.mcp.json`: the specification's own block, and keys that are never repeated.

use mao_config::Source;
use mao_config::mcp::{Reach, read};

const SEED: &str = include_str!("../seeds/s3_mcp.json");

fn refused(text: &str) -> String {
    match read(&Source::new(".mcp.json", text)) {
        Ok(servers) => panic!("this was read: {servers:?}"),
        Err(errors) => errors.to_string(),
    }
}

#[test]
fn cfg_01_the_specifications_servers_are_read_and_their_variables_stay_variables() {
    for text in [SEED.to_owned(), SEED.replace('\n', "\r\n"), format!("\u{feff}{SEED}")] {
        let (servers, warnings) = read(&Source::new(".mcp.json", text)).expect("the seed");
        assert_eq!(warnings, []);
        assert_eq!(servers.0.keys().map(String::as_str).collect::<Vec<_>>(), ["context7", "pal"]);
        let wanted: Vec<&str> = servers.variables().into_iter().collect();
        assert_eq!(wanted, ["ANTHROPIC_API_KEY", "GEMINI_API_KEY", "OPENAI_API_KEY"]);
        let Reach::Stdio { command, args } = &servers.0["context7"].reach else { panic!("a program") };
        assert_eq!((command.to_string().as_str(), args.len()), ("npx", 2));
        assert!(format!("{servers:?}").contains("${OPENAI_API_KEY}"));
    }
    let text = "{\"mcpServers\": {\"a\": {\"type\": \"http\", \"url\": \"https://${HOST:-h.example}/mcp\", \
        \"headers\": {\"Authorization\": \"Bearer ${TOKEN}\"}}}}";
    let (servers, _) = read(&Source::new(".mcp.json", text)).expect("an address");
    assert!(format!("{servers:?}").contains("https://${HOST:-…}/mcp"), "{servers:?}");
}

#[test]
fn cfg_02_a_key_in_the_shared_file_is_an_error_that_does_not_repeat_it() {
    // Made up here, so that no key-like text stands in this file.
    let long = "a1B2c3D4".repeat(5);
    for (name, value) in [
        ("OPENAI_API_KEY", format!("sk-{long}")),
        ("OPENAI_API_KEY", "hunter2".to_owned()),
        ("X", format!("sk-ant-{long}")),
        ("X", format!("${{X:-AIza{long}}}")),
        ("X", long.clone()),
        ("DB_PASSWORD", "${DB_PASSWORD:-hunter2}".to_owned()),
    ] {
        for text in [
            format!("{{\"mcpServers\": {{\"a\": {{\"command\": \"x\",\n \"env\": {{\"{name}\": \"{value}\"}}}}}}}}"),
            format!(
                "{{\"mcpServers\": {{\"a\": {{\"url\": \"https://x\",\n \"headers\": {{\"{name}\": \"{value}\"}}}}}}}}"
            ),
        ] {
            let said = refused(&text);
            assert!(said.starts_with(".mcp.json:2:") && said.contains("looks like a key"), "{said}");
            assert!(!said.contains(&long) && !said.contains("\"hunter2"), "{said}");
        }
    }
    let args = format!("{{\"mcpServers\": {{\"a\": {{\"command\": \"x\", \"args\": [\"--key=sk-{long}\"]}}}}}}");
    assert!(refused(&args).contains("looks like a key") && !refused(&args).contains(&long));
    let broken = format!("{{\"mcpServers\": {{\"a\": {{\"env\": {{\"MY_TOKEN\": \"{long}\"}}}} oops\n");
    assert!(!refused(&broken).contains(&long), "{}", refused(&broken));
}

#[test]
fn cfg_02_servers_are_typed() {
    for (text, says) in [
        ("[]", ".mcp.json:1:1: expected a table, found a list"),
        ("{}", ".mcp.json:1:1: there is no table `mcpServers`"),
        ("{\"mcpServer\": {}}", "did you mean `mcpServers`?"),
        ("{\"mcpServers\": []}", "`mcpServers` is a table, not a list"),
        ("{\"mcpServers\": {\"a b\": {}}}", "`a b` is no name of a server"),
        ("{\"mcpServers\": {\"a\": {}}}", "the server `a` has no `command`"),
        ("{\"mcpServers\": {\"a\": {\"type\": \"http\"}}}", "the server `a` has no `url`"),
        ("{\"mcpServers\": {\"a\": {\"type\": \"pipe\", \"command\": \"x\"}}}", "this is no type of a server"),
        ("{\"mcpServers\": {\"a\": {\"command\": \"x\", \"url\": \"y\"}}}", "has a `command` and a `url`"),
        ("{\"mcpServers\": {\"a\": {\"command\": 3}}}", "expected a text for `command`, found a number"),
        ("{\"mcpServers\": {\"a\": {\"command\": \"x\", \"args\": \"y\"}}}", "`args` is a list"),
        ("{\"mcpServers\": {\"a\": {\"command\": \"x\", \"env\": [\"y\"]}}}", "`env` is a table"),
        ("{\"mcpServers\": {\"a\": {\"command\": \"${X\"}}}", "`${` is never closed"),
        ("{\"mcpServers\": {\"a\": {\"command\": \"${1X}\"}}}", "a variable is written"),
        ("{\"mcpServers\": {\"a\": {\"command\": \"x\\u0000\"}}}", "this is no `command`"),
        ("{\"mcpServers\": {\"a\": {}, \"a\": {}}}", "stands here twice"),
    ] {
        let said = refused(text);
        assert!(said.contains(says) && said.starts_with(".mcp.json:1:"), "{text}: {said}");
    }
}
