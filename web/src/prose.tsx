// An answer's text as elements: paragraphs, lists, emphasis, marks of sources. Nothing of it becomes HTML by itself.
import { Fragment, type ReactNode } from 'react'
import { useLanguage } from './i18n'

interface ProseProps {
  text: string
  /** How many sources there are: a mark beyond them is plain text. */
  sources: number
  /** Whether telephone numbers and addresses can be tapped: in a reply with where to find help. */
  hasHelp?: boolean
  /** Stands after the last word, while more is to come. */
  end?: ReactNode
}

export function Prose({ text, sources, hasHelp = false, end }: ProseProps) {
  const blocks = text.split(/\n{2,}/).flatMap(groups)
  return (
    <>
      {blocks.map((block, index) => {
        const last = index === blocks.length - 1 && end
        return <Block key={index} {...block} {...{ sources, hasHelp, last }} />
      })}
      {blocks.length === 0 && end && <p>{end}</p>}
    </>
  )
}

interface Lines {
  kind: 'text' | 'ul' | 'ol'
  lines: string[]
}

const BULLET = /^\s*[-*•]\s+/
const NUMBER = /^\s*\d+[.)]\s+/

/** Lines of one kind that follow one another. */
function groups(block: string): Lines[] {
  const found: Lines[] = []
  for (const line of block.split('\n').filter((line) => line.trim())) {
    const kind = BULLET.test(line) ? 'ul' : NUMBER.test(line) ? 'ol' : 'text'
    const text = kind === 'text' ? line : line.replace(kind === 'ul' ? BULLET : NUMBER, '')
    const last = found.at(-1)
    if (last?.kind === kind) last.lines.push(text)
    else found.push({ kind, lines: [text] })
  }
  return found
}

interface BlockProps extends Lines {
  sources: number
  hasHelp: boolean
  last: ReactNode
}

function Block({ kind, lines, sources, hasHelp, last }: BlockProps) {
  const inline = (line: string) => <Inline {...{ sources, hasHelp }} text={line} />
  const isDirectory = hasHelp && kind === 'text' && lines.length > 1
  if (kind === 'text' && !isDirectory) {
    return (
      <p>
        {lines.map((line, index) => (
          <Fragment key={index}>
            {index > 0 && <br />}
            {inline(line.replace(/^#{1,6}\s+/, ''))}
          </Fragment>
        ))}
        {last}
      </p>
    )
  }
  const List = kind === 'ol' ? 'ol' : 'ul'
  return (
    <List className={isDirectory ? 'help-lines' : undefined}>
      {lines.map((line, index) => (
        <li key={index}>
          {inline(line)}
          {index === lines.length - 1 && last}
        </li>
      ))}
    </List>
  )
}

const TOKEN = /\*\*(.+?)\*\*|__(.+?)__|\*(.+?)\*|(?<!\w)_(.+?)_(?!\w)|[ \u00a0]?\[(\d{1,3})\]|(https?:\/\/[^\s<>)]*[^\s<>).,;:!?])/g
/** Three digits at least, and no count of countries. */
const TELEPHONE = /(?<![\w/.-])(\+?\d(?:[\d -]*\d)?)(?!\s*(?:countr|pa[ií]s|pays|peyi)|[\w/])/g

function Inline({ text, sources, hasHelp }: { text: string; sources: number; hasHelp: boolean }) {
  const parts: ReactNode[] = []
  let from = 0
  const nested = (inner: string) => <Inline {...{ sources, hasHelp }} text={inner} />
  for (const found of text.matchAll(TOKEN)) {
    parts.push(plain(text.slice(from, found.index), hasHelp))
    from = found.index + found[0].length
    const [whole, strong, strong2, em, em2, mark, url] = found
    if (strong ?? strong2) parts.push(<strong>{nested(strong ?? strong2 ?? '')}</strong>)
    else if (em ?? em2) parts.push(<em>{nested(em ?? em2 ?? '')}</em>)
    else if (mark) parts.push(hasHelp ? null : <Mark number={Number(mark)} isKnown={Number(mark) <= sources} />)
    else if (url && hasHelp) parts.push(<Outside url={url} />)
    else parts.push(whole)
  }
  parts.push(plain(text.slice(from), hasHelp))
  return parts.map((part, index) => <Fragment key={index}>{part}</Fragment>)
}

function plain(text: string, hasHelp: boolean): ReactNode {
  if (!hasHelp) return text
  return text.split(TELEPHONE).map((part, index) => {
    const digits = part.replace(/\D/g, '')
    if (index % 2 === 0 || digits.length < 3) return part
    return (
      <a key={index} className="telephone" href={`tel:${part.startsWith('+') ? '+' : ''}${digits}`}>
        {part}
      </a>
    )
  })
}

function Mark({ number, isKnown }: { number: number; isKnown: boolean }) {
  const language = useLanguage()
  if (!isKnown) return <sup className="mark">{number}</sup>
  return (
    <sup className="mark">
      <a href={`#source-${number}`} aria-label={language.t('reading.mark', { n: number })}>
        {number}
      </a>
    </sup>
  )
}

/** A page elsewhere, by its host. */
export function Outside({ url }: { url: string }) {
  return (
    <a href={url} target="_blank" rel="noreferrer">
      {URL.canParse(url) ? new URL(url).host.replace(/^www\./, '') : url}
    </a>
  )
}
