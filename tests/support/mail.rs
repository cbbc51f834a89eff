//! A mail server of a test's own, which can misbehave.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use mail_parser::{Message, MessageParser};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::{Mutex, mpsc, watch},
    time::{sleep, timeout},
};

use super::Database;

/// How long a test waits for a letter.
const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until the database has so many rows.
pub async fn count_is(database: &Database, rows: &str, wanted: i64) {
    let reached = async {
        while database.count(rows).await != wanted {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let reached = timeout(PATIENCE, reached).await;
    reached.unwrap_or_else(|_| panic!("not {wanted} of {rows} within {PATIENCE:?}"));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailMode {
    Accepts,
    /// Connections are closed as soon as they are there.
    HangsUp,
    /// Every recipient, for now.
    Defers,
    /// Every recipient, for good.
    Refuses,
    /// A letter arrives, and its sender never hears of it.
    StaysSilent,
}

/// A message as it arrived.
#[derive(Debug)]
pub struct Letter {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub id: String,
    pub raw: String,
}

impl Letter {
    pub fn of(raw: &[u8]) -> Self {
        let message = MessageParser::default().parse(raw).unwrap();
        let to = message.to().and_then(|to| to.first()).unwrap();
        Self {
            to: to.address().unwrap().to_owned(),
            subject: message.subject().unwrap().to_owned(),
            text: message.body_text(0).unwrap().replace("\r\n", "\n"),
            html: message.body_html(0).unwrap().into_owned(),
            id: message.message_id().unwrap().to_owned(),
            raw: Self::head(&message, raw),
        }
    }

    fn head(message: &Message<'_>, raw: &[u8]) -> String {
        let end = message.root_part().raw_body_offset() as usize;
        String::from_utf8_lossy(&raw[..end]).into_owned()
    }

    /// The link in it, which is a line of its own.
    pub fn link(&self) -> &str {
        let mut lines = self.text.lines();
        lines.find(|line| line.contains("#token=")).unwrap()
    }

    /// The token of the link in it.
    pub fn token(&self) -> &str {
        self.link().split_once("#token=").unwrap().1
    }
}

pub struct MailServer {
    address: SocketAddr,
    mode: Arc<watch::Sender<MailMode>>,
    letters: Mutex<mpsc::UnboundedReceiver<Letter>>,
    connections: Arc<AtomicUsize>,
}

impl MailServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mode = Arc::new(watch::Sender::new(MailMode::Accepts));
        let connections = Arc::new(AtomicUsize::new(0));
        let (sender, letters) = mpsc::unbounded_channel();
        let (here, counted) = (mode.clone(), connections.clone());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                let mode = *here.borrow();
                if mode != MailMode::HangsUp {
                    tokio::spawn(serve(stream, mode, sender.clone()));
                }
            }
        });
        Self {
            address,
            mode,
            letters: letters.into(),
            connections,
        }
    }

    pub fn set(&self, mode: MailMode) {
        self.mode.send_replace(mode);
    }

    /// The settings of a service that sends by it.
    pub fn flags(&self) -> [String; 6] {
        [
            "--smtp-url".to_owned(),
            format!("smtp://{}", self.address),
            "--mail-from".to_owned(),
            "Mula <mula@mula.example>".to_owned(),
            "--app-url".to_owned(),
            "https://mula.example/root".to_owned(),
        ]
    }

    /// Those and others.
    pub fn with<'a>(flags: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
        flags
            .iter()
            .map(String::as_str)
            .chain(more.iter().copied())
            .collect()
    }

    /// The next letter.
    pub async fn next(&self) -> Letter {
        let mut letters = self.letters.lock().await;
        let letter = timeout(PATIENCE, letters.recv()).await;
        letter.expect("a letter comes").unwrap()
    }

    /// The letters that have come so far.
    pub async fn rest(&self) -> Vec<Letter> {
        let mut letters = self.letters.lock().await;
        std::iter::from_fn(|| letters.try_recv().ok()).collect()
    }

    /// Waits until so many connections have come.
    pub async fn has_met(&self, connections: usize) {
        let met = async {
            while self.connections.load(Ordering::SeqCst) < connections {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, met).await.expect("it is tried");
    }
}

/// As much of RFC 5321 as there has to be. It ends with the connection, however that ends.
async fn serve(
    stream: TcpStream,
    mode: MailMode,
    letters: mpsc::UnboundedSender<Letter>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.example ESMTP\r\n").await.ok()?;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let command = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let reply = match (&*command, mode) {
            ("EHLO", _) => "250-mail.example\r\n250 8BITMIME\r\n",
            ("RCPT", MailMode::Defers) => "451 4.7.1 Greylisted\r\n",
            ("RCPT", MailMode::Refuses) => "550 5.1.1 No such mailbox\r\n",
            ("DATA", _) => {
                stream.write_all(b"354 Go ahead\r\n").await.ok()?;
                let mut raw = Vec::new();
                while !raw.ends_with(b"\r\n.\r\n") {
                    if stream.read_until(b'\n', &mut raw).await.ok()? == 0 {
                        return None;
                    }
                }
                raw.truncate(raw.len() - 3);
                letters.send(Letter::of(&raw)).ok()?;
                if mode == MailMode::StaysSilent {
                    // Until its sender has left.
                    stream.read_line(&mut line).await.ok()?;
                    return None;
                }
                "250 2.0.0 Queued\r\n"
            }
            ("QUIT", _) => "221 Bye\r\n",
            ("MAIL" | "RCPT" | "RSET" | "NOOP", _) => "250 OK\r\n",
            _ => "502 No such command\r\n",
        };
        stream.write_all(reply.as_bytes()).await.ok()?;
    }
}
