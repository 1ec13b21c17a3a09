/**
 * The table of keywords: every position of the language, and for each what it takes, its range and default, what it means,
 * since when it exists and what becomes of it here. The only place that knows; what the parser makes of a word, its complaints,
 * `holdfast config explain`, docs/keywords.md, the schema of YAML and shell completion all come out of it. Imports nothing of config.
 */

export {
  DEFAULT_PERSISTENCE,
  domainName,
  FIRST_PREFERENCE,
  HMAC_WINDOW,
  includeTests,
  JSON_STEP,
  LEAST_PROCESSOR_TIME,
  MAIL_PORT,
  MOST_32,
  MOST_IN_RANGE,
  MOST_NAME_SERVERS,
  OWNER_PRIORITY,
  PASSWORD_BYTES,
  routePreferences,
  routeTimes,
  secretBytes,
  UNICAST_TTL,
  umaskBits,
} from './bounds.ts'
export {
  defaultAt,
  strictNumber,
  strictTruth,
  usualChoice,
  usualNumber,
  usualOption,
  usualOptionChoice,
  usualTruth,
  usualWord,
} from './defaults.ts'
export { type Container, containers, type Default, type KeywordFacts, type Reservation, type Twice } from './facts.ts'
export {
  type Argument,
  argumentsOf,
  choicesIn,
  firstNumber,
  firstWordsIn,
  itemsOf,
  mayBeAbsent,
  mostWords,
  nameFileOf,
  truths,
  untruths,
} from './grammar.ts'
export { argumentPattern, boundsOf, headPattern, itemPattern } from './line-pattern.ts'
export type { LineFacts, OptionFacts } from './lines/facts.ts'
export { isOption, type LineName, lines, type OptionName, optionOf, optionWords } from './lines/index.ts'
export {
  allFacts,
  containerInside,
  containerName,
  containersOf,
  type Keyword,
  type KeywordContent,
  type KeywordSupport,
  keywordAt,
  keywordsByName,
  keywordsIn,
} from './positions.ts'
export { isStrict } from './strict-words.ts'
export {
  builtInNames,
  LONGEST_INTERFACE_NAME,
  looksLike,
  type NameFile,
  type ValueName,
  valueFacts,
  values,
} from './values.ts'
