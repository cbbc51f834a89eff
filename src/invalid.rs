//! Bad input: every field that fails, with the rule it fails, at once.
//!
//! May use: nothing of ours.

/// One field that fails its rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it is in the arguments, such as `input.email`.
    pub path: &'static str,
    /// Which rule, for programs: `TOO_SHORT`.
    pub code: &'static str,
    /// The rule, for people.
    pub message: String,
}

/// All fields that fail, gathered before anything is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    pub fn add(&mut self, path: &'static str, code: &'static str, message: impl Into<String>) {
        self.0.push(Problem {
            path,
            code,
            message: message.into(),
        });
    }

    /// The value of a check, or the noted problem and nothing.
    pub fn note<T>(&mut self, path: &'static str, checked: Result<T, Rule>) -> Option<T> {
        match checked {
            Ok(value) => Some(value),
            Err(rule) => {
                self.add(path, rule.code, rule.message);
                None
            }
        }
    }
}

/// The rule a value fails, before it is known where the value stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub code: &'static str,
    pub message: String,
}

impl Rule {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}
