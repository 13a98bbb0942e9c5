//! Test only: the fake model server, the real command lines pointed at it, and the sandbox they run in. No other room
//! may depend on it outside its tests, and no test of it needs a network beyond loopback.
//!
//! Read in this order: [`server`] (what is answered), [`clis`] (who asks), [`sandbox`] (where); then [`judge`] (pairs of changes for `mao resolve`).
//!
//! # What each command line needs to work against [`server::FakeServer`]
//!
//! Seen with the versions that [`clis::Cli`] names; [`clis::Cli::point`] sets all of it.
//!
//! | | claude | codex | gemini |
//! |---|---|---|---|
//! | base URL | `ANTHROPIC_BASE_URL=URL` | `model_providers.X.base_url = "URL/v1"`, `model_provider = "X"` in `$CODEX_HOME/config.toml`, or the same by `-c` | `GOOGLE_GEMINI_BASE_URL=URL` |
//! | key | `ANTHROPIC_API_KEY` | the variable that `env_key` names | `GEMINI_API_KEY`, and `security.auth.selectedType = "gemini-api-key"` in `settings.json`: with a base URL and without that it ends with 41, "Invalid auth method selected" |
//! | own retries | `CLAUDE_CODE_MAX_RETRIES=0`; still asks twice after a cut or garbled stream, up to six times after a 400 (each time with fewer beta headers), four times after `max_tokens` | `request_max_retries = 0`, `stream_max_retries = 0` | `general.maxAttempts = 1` |
//! | asks | `POST /v1/messages?beta=true`, streamed | `POST /v1/responses`, streamed | `POST /v1beta/models/M:streamGenerateContent?alt=sse` |
//! | other requests | none with `CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1` | none with `analytics.enabled = false` | none |
//! | working directory in the request | `Primary working directory: …` in a message of role `system` | `<cwd>…</cwd>` in a user message | `**Workspace Directories:**` in the first user part |
//! | `edit` becomes | `Read`, then `Write`, both absolute (it will not write over what it has not read) | `apply_patch` with `*** Add File`, which replaces too; a file without a last line feed is written by the shell | `write_file` |
//! | `run`, `delete` become | `Bash` | `exec_command` (`delete` is a patch) | `run_shell_command` |
//! | `json` becomes | the tool `StructuredOutput` with `--json-schema`, and it ends there without another request; else text | the last message | the last message |
//! | tools stand in | `tools` | `tools`; for the models it knows to be new an input item `additional_tools`, where `functions.exec` takes JavaScript that calls the others | `tools[].functionDeclarations` |
//!
//! A refusal makes claude ask again, and then another model of its own choice: the log shows which.
//! A step's `models` are compared with the endpoint of the request, so an alias such as `opus` shows as what it stands
//! for. Requests are matched with turns by the marker (`mao_providers::script::marker`) in the last text of the user or
//! the client that holds one, the first where it holds several; tool results do not count.

pub mod clis;
pub mod judge;
pub mod sandbox;
pub mod server;
