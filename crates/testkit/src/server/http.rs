//! HTTP/1.1 on loopback, and nothing about models: requests in, responses and streams out.

use super::log::{kept, kept_path};
use super::play::{Piece, Player, Request, Sent};
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;

/// Serves until it is dropped.
pub(super) async fn serve(listener: std::net::TcpListener, player: Arc<Player>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, or a client that left: both pass.
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        let player = Arc::clone(&player);
        tokio::spawn(async move {
            let service = service_fn(move |request| respond(request, Arc::clone(&player)));
            // A client that breaks off is its own affair.
            drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

/// A response; an error breaks the connection before a byte was sent.
async fn respond(request: hyper::Request<Incoming>, player: Arc<Player>) -> io::Result<hyper::Response<Pipe>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let request = Request {
        method: parts.method.as_str().into(),
        path: parts.uri.path().into(),
        kept_path: kept_path(&parts.uri),
        headers: kept(&parts.headers),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    match player.answer(&request) {
        Sent::Whole { status, headers, body, pause } => {
            tokio::time::sleep(pause).await;
            let mut response = hyper::Response::builder().status(status).header("x-scripted", "1");
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(pipe(vec![Piece::Data(body)])).map_err(io::Error::other)
        }
        Sent::Stream { pause, pieces } => {
            tokio::time::sleep(pause).await;
            let response = hyper::Response::builder().header("x-scripted", "1");
            response.header("content-type", "text/event-stream").body(pipe(pieces)).map_err(io::Error::other)
        }
        Sent::Hang => std::future::pending::<Result<_, Infallible>>().await.map_err(io::Error::other),
        Sent::Cut => Err(io::Error::other("scripted cut")),
    }
}

/// A body whose frames come over a channel.
#[derive(Debug)]
struct Pipe(mpsc::Receiver<io::Result<Bytes>>);

impl Body for Pipe {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(cx).map(|item| item.map(|bytes| bytes.map(Frame::data)))
    }
}

/// A body that plays pieces; it ends early when the client leaves.
fn pipe(pieces: Vec<Piece>) -> Pipe {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        for piece in pieces {
            match piece {
                Piece::Data(text) => {
                    if sender.send(Ok(Bytes::from(text))).await.is_err() {
                        return;
                    }
                }
                Piece::Pause(time) => tokio::time::sleep(time).await,
                Piece::Hang => sender.closed().await,
                Piece::Cut => {
                    // What was sent before must have left, or the client never sees it.
                    tokio::task::yield_now().await;
                    drop(sender.send(Err(io::Error::other("scripted cut"))).await);
                    return;
                }
            }
        }
    });
    Pipe(receiver)
}
