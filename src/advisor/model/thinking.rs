//! Thinking within the text of an answer, which is neither shown nor cited from: `<think>` and its
//! like, the channels of the harmony format, and what follows a stop token.
//!
//! The text comes in pieces that may end anywhere, also within a tag.

use std::sync::atomic::{AtomicU8, Ordering};

use super::tokens::{Found, Token, find};

/// A model's way of marking its thoughts. Learnt with its first answer.
#[derive(Debug)]
pub(super) struct Habits(AtomicU8);

const UNKNOWN: u8 = 0;
/// Its text begins with the answer, or with a tag.
const PLAIN: u8 = 1;
/// Its name says that it thinks.
const REASONER: u8 = 2;
/// Its text begins with thoughts, and only their end has a tag.
const CLOSING_ONLY: u8 = 3;

/// Words of the names of models that think.
const REASONERS: [&str; 7] = [
    "r1",
    "qwq",
    "reasoner",
    "reasoning",
    "think",
    "thinking",
    "magistral",
];

impl Habits {
    pub(super) fn of(model: &str) -> Self {
        let name = model.to_ascii_lowercase();
        let is_reasoner = name
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| REASONERS.contains(&word));
        Self(AtomicU8::new(if is_reasoner { REASONER } else { UNKNOWN }))
    }

    fn get(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }

    fn learn(&self, habit: u8) {
        if self.0.swap(habit, Ordering::Relaxed) != habit && habit == CLOSING_ONLY {
            tracing::info!(
                "the model's text begins with its thoughts: answers are shown from the end of those"
            );
        }
    }
}

/// How thoughts begin that have no opening tag. A text that begins so is held until a closing tag
/// or its end shows which it is.
const OPENINGS: [&str; 24] = [
    "okay",
    "ok,",
    "alright",
    "hmm",
    "let me",
    "let's",
    "lets",
    "first,",
    "first i",
    "the user",
    "the question",
    "the person",
    "the asker",
    "they ask",
    "they are asking",
    "we need",
    "we are",
    "we have",
    "i need",
    "i should",
    "need to",
    "so the user",
    "so, the",
    "thinking",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing has been shown, and what came may be thoughts.
    Opening,
    Visible,
    Thoughts,
    /// Between a head's beginning and its end.
    Head,
    /// The name of a harmony channel.
    Channel,
    /// The text of a channel that is not the answer.
    OtherChannel,
    /// After the text of a channel.
    Between,
    Ended,
}

pub(super) struct Thinking<'a> {
    habits: &'a Habits,
    state: State,
    /// May be the beginning of a token.
    held: String,
    /// Text received in the state `Opening`, or a channel's name.
    opening: String,
    has_closed: bool,
    is_suspect: bool,
    has_leaked: bool,
}

impl<'a> Thinking<'a> {
    /// For an answer of which some has been shown, or nothing yet.
    pub(super) fn new(habits: &'a Habits, is_begun: bool) -> Self {
        Self {
            habits,
            state: if is_begun {
                State::Visible
            } else {
                State::Opening
            },
            held: String::new(),
            opening: String::new(),
            has_closed: is_begun,
            is_suspect: false,
            has_leaked: false,
        }
    }

    /// The server keeps the thoughts out of the text.
    pub(super) fn is_apart(&mut self) {
        if self.habits.get() != CLOSING_ONLY {
            self.habits.learn(PLAIN);
        }
    }

    /// Whether something is held back, or the text is within thoughts.
    pub(super) fn is_open(&self) -> bool {
        !self.held.is_empty() || !matches!(self.state, State::Visible | State::Ended)
    }

    /// Whether the model seems to think.
    pub(super) fn is_hidden(&self) -> bool {
        match self.state {
            State::Opening => self.is_suspect,
            State::Visible | State::Ended => false,
            _ => true,
        }
    }

    /// Whether thoughts were taken for the answer, and shown.
    pub(super) fn has_leaked(&self) -> bool {
        self.has_leaked
    }

    /// The next piece. Returns what is to be seen of it, and of what was held back.
    pub(super) fn push(&mut self, piece: &str) -> String {
        let text = std::mem::take(&mut self.held) + piece;
        let mut visible = String::new();
        let mut rest = text.as_str();
        loop {
            match find(rest) {
                Found::Token { at, length, token } => {
                    self.text(&rest[..at], &mut visible);
                    self.token(token, &mut visible);
                    rest = &rest[at + length..];
                }
                Found::Beginning(at) => {
                    self.text(&rest[..at], &mut visible);
                    rest[at..].clone_into(&mut self.held);
                    return visible;
                }
                Found::Nothing => {
                    self.text(rest, &mut visible);
                    return visible;
                }
            }
        }
    }

    /// No more comes. `is_whole`: the model ended by itself.
    pub(super) fn flush(&mut self, is_whole: bool) -> String {
        let mut visible = String::new();
        let held = std::mem::take(&mut self.held);
        self.text(&held, &mut visible);
        if self.state == State::Opening {
            // Thoughts that ran into a limit have no closing tag yet.
            let habit = self.habits.get();
            if habit != CLOSING_ONLY && (is_whole || habit != REASONER) {
                visible += &std::mem::take(&mut self.opening);
                if is_whole && !visible.trim().is_empty() {
                    self.habits.learn(PLAIN);
                }
            }
        } else if self.state == State::Visible && is_whole && self.habits.get() == UNKNOWN {
            self.habits.learn(PLAIN);
        }
        visible
    }

    fn text(&mut self, text: &str, visible: &mut String) {
        match self.state {
            State::Visible => visible.push_str(text),
            State::Opening => {
                self.opening.push_str(text);
                if !self.may_be_thoughts() {
                    self.state = State::Visible;
                    visible.push_str(&std::mem::take(&mut self.opening));
                }
            }
            State::Channel => self.opening.push_str(text),
            State::Head => {
                if let Some((_, rest)) = text.split_once('\n') {
                    self.state = State::Opening;
                    self.text(rest, visible);
                }
            }
            State::Thoughts | State::OtherChannel | State::Between | State::Ended => {}
        }
    }

    fn may_be_thoughts(&mut self) -> bool {
        let habit = self.habits.get();
        let text = self.opening.trim_start();
        if text.is_empty() {
            return true;
        }
        self.is_suspect |= matches!(habit, CLOSING_ONLY | REASONER) && !self.has_closed;
        if self.is_suspect {
            return true;
        }
        if habit == PLAIN || self.has_closed {
            return false;
        }
        let lower = text.to_lowercase();
        self.is_suspect = OPENINGS.iter().any(|opening| {
            lower
                .strip_prefix(opening)
                .is_some_and(|rest| rest.chars().next().is_some_and(|c| !c.is_alphanumeric()))
        });
        self.is_suspect || OPENINGS.iter().any(|opening| opening.starts_with(&lower))
    }

    fn token(&mut self, token: Token, visible: &mut String) {
        match (token, self.state) {
            (_, State::Ended) | (Token::Noise, _) => {}
            (Token::Open, State::Opening) => {
                self.has_closed = true;
                // What stands before a tag is no thought, nor the answer.
                self.opening.clear();
                self.state = State::Thoughts;
            }
            (Token::Open, State::Visible) => self.state = State::Thoughts,
            (Token::Close, State::Thoughts) => {
                self.has_closed = true;
                self.state = State::Visible;
            }
            (Token::Close, State::Opening) => {
                if !self.opening.trim().is_empty() {
                    self.habits.learn(CLOSING_ONLY);
                }
                self.opening.clear();
                self.has_closed = true;
                self.state = State::Visible;
            }
            (Token::Close, State::Visible) if !self.has_closed => {
                self.habits.learn(CLOSING_ONLY);
                self.has_leaked = true;
                self.state = State::Ended;
            }
            (Token::Channel | Token::Start, _) => {
                self.opening.clear();
                self.state = State::Channel;
            }
            (Token::Message, State::Channel) => {
                let name = std::mem::take(&mut self.opening);
                let name = name.trim();
                let is_answer = name.is_empty() || name == "assistant" || name.starts_with("final");
                self.has_closed = true;
                self.state = if is_answer {
                    State::Visible
                } else {
                    State::OtherChannel
                };
            }
            (Token::End, _) => {
                self.release(visible);
                self.state = State::Between;
            }
            (Token::Head, State::Opening) if self.opening.trim().is_empty() => {
                self.state = State::Head;
            }
            (Token::HeadEnd, State::Head) => self.state = State::Opening,
            (Token::Stop | Token::Head, _) => {
                self.release(visible);
                self.state = State::Ended;
            }
            _ => {}
        }
    }

    /// Releases the text held as possible thoughts: it is the whole answer.
    fn release(&mut self, visible: &mut String) {
        if self.state == State::Opening && self.habits.get() != CLOSING_ONLY {
            visible.push_str(&std::mem::take(&mut self.opening));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Habits, Thinking};

    /// The visible part of a text that arrives in these pieces.
    fn seen<'a>(habits: &Habits, pieces: impl IntoIterator<Item = &'a str>) -> String {
        let mut thinking = Thinking::new(habits, false);
        let mut seen = String::new();
        for piece in pieces {
            seen += &thinking.push(piece);
        }
        seen + &thinking.flush(true)
    }

    const CASES: [(&str, &str); 17] = [
        ("<think>They ask [S1].</think>\n\nYes.", "\n\nYes."),
        ("<think>\n\n</think>Yes.", "Yes."),
        ("<THINKING>Hm.</Thinking>Yes.", "Yes."),
        ("[THINK]Hm.[/THINK]Yes [S1].", "Yes [S1]."),
        ("◁think▷Hm.◁/think▷Yes.", "Yes."),
        ("<think>No end", ""),
        ("Okay, they ask about doors.</think>Yes.", "Yes."),
        ("Let me see a door.", "Let me see a door."),
        ("Yes.<think>Or no?</think> Yes.", "Yes. Yes."),
        (
            "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Yes.<|return|>",
            "Yes.",
        ),
        ("<|channel|>commentary to=x<|message|>{}<|call|>", ""),
        ("Yes.<|im_end|>\n<|im_start|>user\nMore?", "Yes."),
        ("<|im_start|>assistant\nYes.</s>", "Yes."),
        ("<s>Yes.<end_of_turn>", "Yes."),
        ("a < b, and <b>c</b> [d] <", "a < b, and <b>c</b> [d] <"),
        ("Yes.<think>x</think></think>", "Yes."),
        ("", ""),
    ];

    #[test]
    fn thoughts_are_not_seen_wherever_the_pieces_end() {
        for (given, expected) in CASES {
            let ends: Vec<_> = (0..=given.len())
                .filter(|end| given.is_char_boundary(*end))
                .collect();
            for &end in &ends {
                let pieces = [&given[..end], &given[end..]];
                assert_eq!(seen(&Habits::of("m"), pieces), expected, "{pieces:?}");
            }
            let characters = ends.windows(2).map(|ends| &given[ends[0]..ends[1]]);
            assert_eq!(seen(&Habits::of("m"), characters), expected);
        }
    }

    #[test]
    fn the_habits_of_a_model_are_learnt() {
        // Its first answer shows that its thoughts have no opening tag.
        let habits = Habits::of("m");
        assert_eq!(seen(&habits, ["Hmm, doors.</think>Yes."]), "Yes.");
        assert_eq!(seen(&habits, ["Doors it is.", "</think>", "No."]), "No.");
        // Its name says that it thinks, and its first answer that it does so elsewhere.
        let habits = Habits::of("deepseek/deepseek-r1:8b");
        let mut thinking = Thinking::new(&habits, false);
        assert_eq!(thinking.push("Doors it is."), "");
        assert_eq!(thinking.push("</think>Yes."), "Yes.");
        let habits = Habits::of("deepseek-r1");
        assert_eq!(seen(&habits, ["Yes."]), "Yes.");
        let mut thinking = Thinking::new(&habits, false);
        assert_eq!(thinking.push("Yes."), "Yes.");
    }
}
