import { folder, load, report, style, until } from "/pages/page.js";

await report(async () => {
  await style("/node_modules/aliyun-aliplayer/build/skins/default/aliplayer-min.css");
  await load("/node_modules/aliyun-aliplayer/build/aliplayer-min.js");
  document.getElementById("stage").innerHTML = '<div id="ali" style="width:640px;height:360px"></div>';
  const player = new Aliplayer({
    id: "ali", source: `${folder}film.webm`, width: "640px", height: "360px", autoplay: false, mute: true, useH5Prism: true,
    thumbnailUrl: `${folder}storyboard.vtt`,
  });
  await until(() => player.getDuration() > 0 && player._thumbnailService?.cues?.length, "the cues");
  const service = player._thumbnailService; // without a licence the bar stays hidden: its own look-up is asked
  return (at) => {
    const cue = service.findAvailableCue(at);
    return { url: service.makeUrl(cue.text), x: Number(cue.x), y: Number(cue.y), width: Number(cue.w), height: Number(cue.h) };
  };
});
