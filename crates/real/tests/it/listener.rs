//! A port that writes down the first line of whatever connects, and has nothing to give: a proxy to ask, or the place
//! that a hostile repository points at.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const NOTHING: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// A listener that lives as long as the tests.
#[derive(Debug)]
pub struct Listener {
    /// `127.0.0.1:PORT`.
    pub address: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&heard);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                drop(stream.set_read_timeout(Some(Duration::from_secs(2))));
                let mut line = String::new();
                drop(BufReader::new(&stream).read_line(&mut line));
                list.lock().unwrap().push(line.trim().to_owned());
                drop((&stream).write_all(NOTHING));
            }
        });
        Self { address, heard }
    }

    /// The first lines so far.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}
