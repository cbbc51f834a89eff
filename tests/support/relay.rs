//! A network between the service and its database, which a test can have fail.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
};

/// How long a test waits for what has to be sent.
const PATIENCE: Duration = Duration::from_mins(1);

/// The state of the network through the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    Passes,
    /// Connections are accepted, and nothing comes through; those of that time stay as they are.
    Swallows,
    /// The next commit arrives, and the word of it does not: its connection is cut.
    CutsAfterCommit,
    /// Connections that listen for notifications hear nothing any more, and stay open.
    DeafensListeners,
    /// Pieces for the database that contain this wait until the network passes again.
    Holds(&'static str),
}

/// The fate of a piece.
enum Fate {
    Arrives,
    /// And all that comes after it, until the network passes again.
    Waits,
    /// And all that comes after it.
    IsLost,
    /// The connection ends.
    Cuts,
}

pub struct Relay {
    address: SocketAddr,
    network: Arc<watch::Sender<Network>>,
    /// How many pieces are held.
    held: Arc<watch::Sender<usize>>,
    /// How many connections are still to be refused.
    refusals: Arc<AtomicUsize>,
}

impl Relay {
    /// From a port of its own to a Unix socket.
    pub async fn to(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let network = Arc::new(watch::Sender::new(Network::Passes));
        let held = Arc::new(watch::Sender::new(0));
        let (here, holding) = (network.clone(), held.clone());
        let refusals = Arc::new(AtomicUsize::new(0));
        let to_refuse = refusals.clone();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let one_less = |left: usize| left.checked_sub(1);
                if to_refuse
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
                    .is_ok()
                {
                    continue;
                }
                client.set_nodelay(true).unwrap();
                let to = UnixStream::connect(socket.clone());
                let (network, holding) = (here.clone(), holding.clone());
                tokio::spawn(async move {
                    if let Ok(server) = to.await {
                        join(client, server, &network, &holding).await;
                    }
                });
            }
        });
        Self {
            address,
            network,
            held,
            refusals,
        }
    }

    /// The same database through it.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://mula@{}/{database}?sslmode=disable",
            self.address
        )
    }

    /// Refuses so many new connections. Those that there are stay as they are.
    pub fn refuse(&self, connections: usize) {
        self.refusals.store(connections, Ordering::SeqCst);
    }

    /// How many are still to be refused.
    pub fn to_refuse(&self) -> usize {
        self.refusals.load(Ordering::SeqCst)
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

    /// Holds what contains this on its way to the database.
    pub fn hold(&self, text: &'static str) {
        self.held.send_replace(0);
        self.network.send_replace(Network::Holds(text));
    }

    /// Waits until so many pieces are held.
    pub async fn has_held(&self, pieces: usize) {
        let mut held = self.held.subscribe();
        let held = held.wait_for(|held| *held >= pieces);
        tokio::time::timeout(PATIENCE, held)
            .await
            .expect("as many are sent")
            .unwrap();
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

fn contains(sent: &[u8], text: &str) -> bool {
    let text = text.as_bytes();
    sent.windows(text.len()).any(|part| part == text)
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
            fate @ (Fate::Arrives | Fate::Waits) => {
                if matches!(fate, Fate::Waits) {
                    let held = *network.borrow();
                    let passes = state.wait_for(|now| *now != held).await;
                    drop(passes.unwrap());
                }
                if to.write_all(&buffer[..count]).await.is_err() {
                    return;
                }
            }
            Fate::IsLost => return std::future::pending().await,
            Fate::Cuts => return,
        }
    }
}

/// Passes on what a client and the server send each other, until one of them ends.
async fn join(
    client: TcpStream,
    server: UnixStream,
    network: &watch::Sender<Network>,
    holding: &watch::Sender<usize>,
) {
    let (client, server) = (client.into_split(), server.into_split());
    let committing = AtomicBool::new(false);
    let listens = AtomicBool::new(false);
    // Both end with the first: a connection that is cut is cut both ways.
    tokio::select! {
        () = pass(client.0, server.1, network, |sent| {
            let commits = *network.borrow() == Network::CutsAfterCommit
                && sent.windows(6).any(|six| six == b"COMMIT");
            committing.fetch_or(commits, Ordering::SeqCst);
            let begins = sent.windows(6).any(|six| six == b"LISTEN");
            listens.fetch_or(begins, Ordering::SeqCst);
            match *network.borrow() {
                Network::Holds(text) if contains(sent, text) => {
                    holding.send_modify(|held| *held += 1);
                    Fate::Waits
                }
                _ => Fate::Arrives,
            }
        }) => {}
        () = pass(server.0, client.1, network, |_| {
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
}
