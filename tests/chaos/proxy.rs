//! A proxy with an address that stays, before a server that comes and goes; it cuts, delays and
//! stalls connections.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
};

#[derive(Clone, Debug, Default)]
struct State {
    to: Target,
    /// Connections of an earlier number are cut.
    cuts: u64,
    /// At most, for each piece; it is drawn.
    delay: Duration,
    stalls: bool,
}

#[derive(Clone, Debug, Default)]
pub enum Target {
    /// Connections are closed at once.
    #[default]
    Nothing,
    Address(SocketAddr),
    Socket(PathBuf),
}

pub struct Proxy {
    pub address: SocketAddr,
    state: Arc<watch::Sender<State>>,
}

impl Proxy {
    pub async fn to(target: Target) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(watch::Sender::new(State {
            to: target,
            ..State::default()
        }));
        let here = state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, here.subscribe()));
            }
        });
        Self { address, state }
    }

    pub fn turn_to(&self, target: Target) {
        self.state.send_modify(|state| state.to = target);
    }

    pub fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }

    pub fn delay(&self, most: Duration) {
        self.state.send_modify(|state| state.delay = most);
    }

    pub fn stall(&self, stalls: bool) {
        self.state.send_modify(|state| state.stalls = stalls);
    }
}

async fn relay(client: TcpStream, state: watch::Receiver<State>) {
    let (to, cuts) = {
        let state = state.borrow();
        (state.to.clone(), state.cuts)
    };
    let _ = client.set_nodelay(true);
    let (read, write) = client.into_split();
    match to {
        Target::Nothing => {}
        Target::Address(address) => {
            let Ok(server) = TcpStream::connect(address).await else {
                return;
            };
            let _ = server.set_nodelay(true);
            both(read, write, server.into_split(), state, cuts).await;
        }
        Target::Socket(path) => {
            if let Ok(server) = UnixStream::connect(path).await {
                both(read, write, server.into_split(), state, cuts).await;
            }
        }
    }
}

/// Until one side closes, or the connection is cut. Both directions end together: no half is left.
async fn both(
    read: impl AsyncRead + Unpin,
    write: impl AsyncWrite + Unpin,
    server: (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    state: watch::Receiver<State>,
    cuts: u64,
) {
    let mut cut = state.clone();
    tokio::select! {
        _ = cut.wait_for(|state| state.cuts != cuts) => {}
        () = pass(read, server.1, state.clone()) => {}
        () = pass(server.0, write, state) => {}
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let delay = state.borrow().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay.mul_f64(fastrand::f64())).await;
        }
        if state.wait_for(|state| !state.stalls).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
