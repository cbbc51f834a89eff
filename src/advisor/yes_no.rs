//! Whether yes or no can answer a question, by the way it is asked: an English question does so when
//! its verb comes first ("Should I go?"), and other languages have words for it ("est-ce que", "soll
//! ich", "èske"). In doubt it is no: an answer without a cast misleads nobody.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Words that begin an English question that yes or no can answer, and end up before its subject.
const VERBS: &str = "should shall will would can could may might must is are am was were do does did \
    has have had isnt arent wasnt werent dont doesnt didnt hasnt havent wont wouldnt cant couldnt \
    shouldnt ought ll";

/// Words before the question itself.
const FILLERS: &str = "so and but well ok okay please hi hello hey now then also honestly just oh ah um uh \
    er still actually basically dear mama papa baba oshun osun legba shango sango yemaya yemoja eshu \
    esu yes no abeg do you think";

/// Phrases that make a statement a yes-or-no question.
const INDIRECT: [&str; 9] = [
    "know if",
    "know whether",
    "wondering if",
    "wondering whether",
    "wonder if",
    "wonder whether",
    "ask if",
    "tell me if",
    "tell me whether",
];

/// After "can you", "will you" and the like: something is to be done, or said.
const REQUESTS: &str = "tell explain help give say show describe write speak teach list recommend \
    suggest share advise read talk guide bless pray send make let remind recite translate sing name \
    interpret please describe sum";

/// Questions of other languages that yes or no can answer, by their first words, without accents.
const FOREIGN: &[&str] = &[
    "est-ce",
    "dois-je",
    "devrais-je",
    "vais-je",
    "puis-je",
    "ai-je",
    "suis-je",
    "est-il",
    "est-elle",
    "va-t-il",
    "va-t-elle",
    "sera-t-il",
    "m'aime-t-il",
    "m'aime-t-elle",
    "faut-il",
    "debo",
    "deberia",
    "puedo",
    "podre",
    "sera",
    "tengo",
    "conviene",
    "vale",
    "volvera",
    "lograre",
    "devo",
    "deveria",
    "posso",
    "conseguirei",
    "vou",
    "dovrei",
    "potro",
    "riusciro",
    "soll",
    "sollte",
    "werde",
    "kann",
    "wird",
    "muss",
    "darf",
    "eske",
    "moet",
    "zal",
    "kan",
    "mag",
    "je",
    "shall",
    "make",
];

/// Words after which those above ask for something else than yes or no.
const ALTERNATIVES: [&str; 7] = ["or", "ou", "o", "oder", "of", "oswa", "abi"];

/// Whether yes or no can answer the question.
pub(super) fn is_yes_no(question: &str) -> bool {
    let text: String = question
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .filter(|c| !matches!(c, '\'' | '’'))
        .collect();
    // The last thing asked is the question; what stands before it leads up to it.
    let mut sentences: Vec<(&str, bool)> = Vec::new();
    for sentence in text.split_inclusive(['.', '?', '!', '\n', ';', ':']) {
        let asked = sentence.ends_with('?');
        if sentence.chars().any(char::is_alphanumeric) {
            sentences.push((sentence, asked));
        }
    }
    let last_asked = sentences.iter().rev().find(|(_, asked)| *asked);
    let Some((sentence, asked)) = last_asked.or(sentences.last()) else {
        return false;
    };
    // "If I leave, will he follow?": what is asked stands after the last comma that has it.
    let clauses = sentence.split([',', '—', '–']).rev();
    let mut whole = std::iter::once(*sentence);
    clauses
        .chain(whole.by_ref())
        .any(|clause| asks_yes_or_no(clause, *asked))
}

fn asks_yes_or_no(clause: &str, asked: bool) -> bool {
    if INDIRECT.iter().any(|phrase| clause.contains(phrase)) {
        return !clause.contains(" or ");
    }
    let all: Vec<&str> = clause
        .split(|c: char| !c.is_alphanumeric() && c != '-')
        .filter(|word| !word.is_empty())
        .collect();
    let has = |list: &str, word: &str| list.split_whitespace().any(|one| one == word);
    let fillers = all.iter().take_while(|word| has(FILLERS, word)).count();
    // "Do you think …" and "I want to know whether …" ask what comes after them; "do" alone asks.
    for start in (0..=fillers).rev() {
        let words = &all[start..];
        let [first, second, rest @ ..] = words else {
            continue;
        };
        let is_english = has(VERBS, first) && !is_question_word(second);
        let is_foreign = asked && FOREIGN.contains(first);
        if !(is_english || is_foreign) {
            continue;
        }
        let is_request = *second == "you" && rest.first().is_some_and(|verb| has(REQUESTS, verb));
        return !is_request && !offers_alternatives(words);
    }
    false
}

fn is_question_word(word: &str) -> bool {
    matches!(
        word,
        "what" | "how" | "why" | "when" | "where" | "who" | "which" | "whom" | "whose"
    )
}

/// "Stay or go" cannot be answered by yes or no; "or not" changes nothing.
fn offers_alternatives(words: &[&str]) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        let next = words.get(at + 1);
        ALTERNATIVES.contains(word)
            && next.is_some_and(|next| !matches!(*next, "not" | "no" | "non" | "nicht" | "nao"))
            // "of" is Dutch for "or" only between clauses, and English in most questions.
            && *word != "of"
            && *word != "o"
    })
}

#[cfg(test)]
mod tests {
    use super::is_yes_no;

    #[test]
    fn yes_or_no_is_asked_for_with_the_verb_first() {
        for question in [
            "Should I move to Lagos?",
            "should i take the job",
            "Will he come back to me?",
            "legba, should i open the shop in march?",
            "Hi Oshun, does he love me",
            "My boss offered me a new role. Should I take it?",
            "If I ask her out, will she say yes?",
            "Do you think I should tell him the truth?",
            "I want to know if she will forgive me",
            "Am I ready for this?",
            "is it time to move on or not",
            "Isn't it better to wait?",
            "Dois-je partir ?",
            "Est-ce que je dois changer de travail ?",
            "¿Debo mudarme a Madrid?",
            "Soll ich umziehen?",
            "Èske m dwe chanje travay?",
        ] {
            assert!(is_yes_no(question), "{question}");
        }
    }

    #[test]
    fn other_questions_are_not() {
        for question in [
            "How do I mend my heart?",
            "What does the crossroads mean?",
            "Why is he tied to thunder?",
            "Should I stay or should I go?",
            "should i buy the red or the blue one",
            "My mother and I have not spoken for a year.",
            "Can you tell me a story about rivers?",
            "Could you explain who Legba is?",
            "I feel stuck in my work",
            "Tell me about Shango's drum",
            "Where is my life going?",
            "When will he call?",
            "who should i trust",
            "¿Cómo encuentro trabajo?",
            "Comment puis-je l'aider ?",
            "Is what he says what he means or just talk?",
            "?",
            "",
        ] {
            assert!(!is_yes_no(question), "{question}");
        }
    }
}
