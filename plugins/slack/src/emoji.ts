/** What Slack calls the emoji that people react with. */

const NAMES =
  "👍 +1 👎 -1 ❤ heart 🔥 fire 🥰 smiling_face_with_3_hearts 👏 clap 😁 grin 🤔 thinking_face 🤯 exploding_head 😱 scream " +
  "🤬 face_with_symbols_on_mouth 😢 cry 🎉 tada 🤩 star-struck 🤮 face_vomiting 💩 hankey 🙏 pray 👌 ok_hand 🕊 dove_of_peace " +
  "🤡 clown_face 🥱 yawning_face 🥴 woozy_face 😍 heart_eyes 🐳 whale 🌚 new_moon_with_face 🌭 hotdog 💯 100 " +
  "🤣 rolling_on_the_floor_laughing ⚡ zap 🍌 banana 🏆 trophy 💔 broken_heart 🤨 face_with_raised_eyebrow 😐 neutral_face " +
  "🍓 strawberry 🍾 champagne 💋 kiss 😈 smiling_imp 😴 sleeping 😭 sob 🤓 nerd_face 👻 ghost 👀 eyes 🎃 jack_o_lantern " +
  "🙈 see_no_evil 😇 innocent 😨 fearful 🤝 handshake ✍ writing_hand 🤗 hugging_face 🫡 saluting_face 🎅 santa " +
  "🎄 christmas_tree ☃ snowman 💅 nail_care 🤪 zany_face 🗿 moyai 🆒 cool 💘 cupid 🙉 hear_no_evil 🦄 unicorn_face " +
  "😘 kissing_heart 💊 pill 🙊 speak_no_evil 😎 sunglasses 👾 space_invader 🤷 shrug 😡 rage ✅ white_check_mark ❌ x " +
  "⏳ hourglass_flowing_sand ⌛ hourglass 🚀 rocket ⚠ warning ❓ question ❗ exclamation 👋 wave 💪 muscle 😀 grinning 😂 joy " +
  "🙂 slightly_smiling_face 🤖 robot_face 🧠 brain 💡 bulb 📌 pushpin 🔍 mag ⏰ alarm_clock ⭐ star 🟢 large_green_circle " +
  "🔴 red_circle 🛑 octagonal_sign ✨ sparkles 👉 point_right 🙌 raised_hands 😅 sweat_smile 📝 memo 🔒 lock ☕ coffee";

const words = NAMES.split(" ");
const byEmoji = new Map(words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1]!] as const] : [])));

/** Of an emoji, or of a name as people type it, such as `:party_parrot:`; nothing for what is neither. */
export function emojiName(emoji: string): string | undefined {
  const [, name] = /^:([a-z0-9_+'-]{1,80}):$/.exec(emoji) ?? [];
  // The mark that asks for colours says nothing more.
  return name ?? byEmoji.get(emoji.replaceAll("\ufe0f", ""));
}
