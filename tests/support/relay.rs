//! A network between the service and its database, which a test can have fail.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, UnixStream},
    sync::watch,
};

/// What becomes of what is sent through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    Passes,
    /// Connections are accepted, and nothing comes through; those of that time stay as they are.
    Swallows,
    /// The next commit arrives, and the word of it does not: its connection is cut.
    CutsAfterCommit,
    /// Connections that listen for notifications hear nothing any more, and stay open.
    DeafensListeners,
}

/// What becomes of a piece.
enum Fate {
    Arrives,
    /// And all that comes after it.
    IsLost,
    /// The connection ends.
    Cuts,
}

pub struct Relay {
    address: SocketAddr,
    network: Arc<watch::Sender<Network>>,
}

impl Relay {
    /// From a port of its own to a Unix socket.
    pub async fn to(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let network = Arc::new(watch::Sender::new(Network::Passes));
        let here = network.clone();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                client.set_nodelay(true).unwrap();
                let (network, socket) = (here.clone(), socket.clone());
                tokio::spawn(async move {
                    let Ok(server) = UnixStream::connect(socket).await else {
                        return;
                    };
                    let (client, server) = (client.into_split(), server.into_split());
                    let committing = AtomicBool::new(false);
                    let listens = AtomicBool::new(false);
                    // Both end with the first: a connection that is cut is cut both ways.
                    tokio::select! {
                        () = pass(client.0, server.1, &network, |sent| {
                            let commits = *network.borrow() == Network::CutsAfterCommit
                                && sent.windows(6).any(|six| six == b"COMMIT");
                            committing.fetch_or(commits, Ordering::SeqCst);
                            let begins = sent.windows(6).any(|six| six == b"LISTEN");
                            listens.fetch_or(begins, Ordering::SeqCst);
                            Fate::Arrives
                        }) => {}
                        () = pass(server.0, client.1, &network, |_| {
                            let deafens = *network.borrow() == Network::DeafensListeners;
                            if committing.load(Ordering::SeqCst) {
                                Fate::Cuts
                            } else if deafens && listens.load(Ordering::SeqCst) {
                                Fate::IsLost
                            } else {
                                Fate::Arrives
                            }
                        }) => {}
                    }
                    if committing.load(Ordering::SeqCst) {
                        network.send_replace(Network::Passes);
                    }
                });
            }
        });
        Self { address, network }
    }

    /// The same database through it.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://mula@{}/{database}?sslmode=disable",
            self.address
        )
    }

    pub fn swallow(&self) {
        self.network.send_replace(Network::Swallows);
    }

    /// New connections work again. Those from before stay as they are: so does a machine that was
    /// replaced by another.
    pub fn pass(&self) {
        self.network.send_replace(Network::Passes);
    }

    pub fn cut_after_commit(&self) {
        self.network.send_replace(Network::CutsAfterCommit);
    }

    pub fn deafen_listeners(&self) {
        self.network.send_replace(Network::DeafensListeners);
    }

    /// Whether what is to be cut has been.
    pub async fn has_cut(&self) {
        let mut network = self.network.subscribe();
        network
            .wait_for(|now| *now == Network::Passes)
            .await
            .unwrap();
    }
}

/// Sends on what comes, as `fate` has it.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    network: &watch::Sender<Network>,
    fate: impl Fn(&[u8]) -> Fate,
) {
    let mut state = network.subscribe();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = tokio::select! {
            biased;
            () = async { drop(state.wait_for(|now| *now == Network::Swallows).await) } => None,
            read = from.read(&mut buffer) => Some(read),
        };
        let Some(read) = read else {
            // For good.
            return std::future::pending().await;
        };
        let Ok(count @ 1..) = read else {
            return;
        };
        match fate(&buffer[..count]) {
            Fate::Arrives => {
                if to.write_all(&buffer[..count]).await.is_err() {
                    return;
                }
            }
            Fate::IsLost => return std::future::pending().await,
            Fate::Cuts => return,
        }
    }
}
