/** What can be set about forwarding as a whole; the rules stand in the model, which a configuration must keep too. */

export {
  badSetting,
  defaultSettings,
  defaultTimeouts,
  type IpvsSettings,
  type SettingName,
  type SettingRule,
  settingNames,
  settingRules,
  type Timeouts,
  tableSizes,
  usualSync,
} from '../model/index.ts'
