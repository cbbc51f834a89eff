//! Tags and special tokens that models write into their text, and how to find them in it.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    /// Harmony: what follows is the name of a channel,
    Channel,
    /// a role,
    Start,
    /// the text of a channel;
    Message,
    /// and there the text ends.
    End,
    /// The head of a turn, to the end of its line.
    Head,
    HeadEnd,
    /// The answer has ended, whatever follows.
    Stop,
    /// Means nothing.
    Noise,
}

const TOKENS: [(&str, Token); 54] = [
    ("<think>", Token::Open),
    ("<thinking>", Token::Open),
    ("<thought>", Token::Open),
    ("<thoughts>", Token::Open),
    ("<reasoning>", Token::Open),
    ("<reflection>", Token::Open),
    ("<seed:think>", Token::Open),
    ("<|begin_of_thought|>", Token::Open),
    ("[think]", Token::Open),
    ("◁think▷", Token::Open),
    ("</think>", Token::Close),
    ("</thinking>", Token::Close),
    ("</thought>", Token::Close),
    ("</thoughts>", Token::Close),
    ("</reasoning>", Token::Close),
    ("</reflection>", Token::Close),
    ("</seed:think>", Token::Close),
    ("<|end_of_thought|>", Token::Close),
    ("[/think]", Token::Close),
    ("◁/think▷", Token::Close),
    ("<|channel|>", Token::Channel),
    ("<|start|>", Token::Start),
    ("<|message|>", Token::Message),
    ("<|constrain|>", Token::Noise),
    ("<|end|>", Token::End),
    ("<|return|>", Token::Stop),
    ("<|call|>", Token::Stop),
    ("<|im_start|>", Token::Head),
    ("<|start_header_id|>", Token::Head),
    ("<start_of_turn>", Token::Head),
    ("<|end_header_id|>", Token::HeadEnd),
    ("<|im_end|>", Token::Stop),
    ("<|im_sep|>", Token::HeadEnd),
    ("<|endoftext|>", Token::Stop),
    ("<|end_of_text|>", Token::Stop),
    ("<|eot_id|>", Token::Stop),
    ("<|eom_id|>", Token::Stop),
    ("<|eot|>", Token::Stop),
    ("<|end_of_turn|>", Token::Stop),
    ("<|endofturn|>", Token::Stop),
    ("<end_of_turn>", Token::Stop),
    ("<eos>", Token::Stop),
    ("</s>", Token::Stop),
    ("<｜end▁of▁sentence｜>", Token::Stop),
    ("<|user|>", Token::Stop),
    ("[/inst]", Token::Stop),
    ("<|assistant|>", Token::Noise),
    ("<|begin_of_text|>", Token::Noise),
    ("<｜begin▁of▁sentence｜>", Token::Noise),
    ("<s>", Token::Noise),
    ("<bos>", Token::Noise),
    ("<pad>", Token::Noise),
    ("<|pad|>", Token::Noise),
    ("[inst]", Token::Stop),
];

/// Longest of the tokens, in bytes.
const LONGEST: usize = 40;

pub(super) enum Found {
    Token {
        at: usize,
        length: usize,
        token: Token,
    },
    /// From here on it may become one.
    Beginning(usize),
    Nothing,
}

/// The first token in a text, or what may become one.
pub(super) fn find(text: &str) -> Found {
    for (at, _) in text.match_indices(['<', '[', '◁']) {
        let rest = &text[at..];
        let head = rest[..rest.floor_char_boundary(LONGEST)].to_ascii_lowercase();
        for (name, token) in TOKENS {
            if head.starts_with(name) {
                return Found::Token {
                    at,
                    length: name.len(),
                    token,
                };
            }
        }
        if TOKENS.iter().any(|(name, _)| name.starts_with(&head)) {
            return Found::Beginning(at);
        }
    }
    Found::Nothing
}
