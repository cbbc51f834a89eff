//! Between a server and its PostgreSQL: lets everything through, and can be told to swallow what
//! one kind of connection hears.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
};

/// How much of what the server sends may be searched at a time.
const PIECE: usize = 8 * 1024;

pub struct Proxy {
    pub address: SocketAddr,
    deaf: watch::Sender<bool>,
}

impl Proxy {
    /// To the socket of a PostgreSQL. Once told, connections on which this was sent get nothing any
    /// more, and stay open.
    pub async fn start(postgres: PathBuf, marked_by: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (deaf, told) = watch::channel(false);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let postgres = postgres.clone();
                tokio::spawn(between(client, postgres, marked_by, told.clone()));
            }
        });
        Self { address, deaf }
    }

    /// From now on, or no longer.
    pub fn deafen(&self, deaf: bool) {
        self.deaf.send_replace(deaf);
    }
}

async fn between(
    client: TcpStream,
    postgres: PathBuf,
    marked_by: &'static str,
    deaf: watch::Receiver<bool>,
) {
    let Ok(postgres) = UnixStream::connect(postgres).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_postgres, to_postgres) = postgres.into_split();
    let marked = Arc::new(watch::Sender::new(false));
    let marks = marked.clone();
    let sent = pass(from_client, to_postgres, move |piece| {
        if String::from_utf8_lossy(piece).contains(marked_by) {
            marks.send_replace(true);
        }
        true
    });
    let heard = pass(from_postgres, to_client, move |_| {
        !(*marked.borrow() && *deaf.borrow())
    });
    tokio::join!(sent, heard);
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    passes: impl Fn(&[u8]) -> bool,
) {
    let mut piece = [0; PIECE];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        if !passes(&piece[..length]) {
            // For good: what came late would be heard.
            std::future::pending::<()>().await;
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}
