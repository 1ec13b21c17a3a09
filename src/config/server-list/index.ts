/** The list of real servers that a `real_server file` names: JSON or YAML to values, with the place of what is wrong. Never throws. */
export { LONGEST_LIST, MOST_LISTED, type ServerListProblem, serverList } from './server-list.ts'
