# frozen_string_literal: true

# When does the next release of the iPhone app ship, and why not today?
#
#     ruby -I target/bindings examples/ruby/ship_date.rb [FOLDER]
#
# Needs the generated bindings, as vsm-ffi/README.md says. Reads the files that the folder's `vsm.json` lists, of the
# sample portfolio unless you name another. Files and the moment of the question are the host's business; the rest are
# calls into the engine.

require 'json'
require 'time'
require 'vsm'

APPLICATION = 'app:mobile-banking'
CLOSED = [Vsm::FlowState::DONE, Vsm::FlowState::CANCELLED].freeze

# Every file, by the adapter and with the context that the manifest gives it.
def read(folder, sources)
  stream = Vsm::ValueStream.new
  sources.each do |source|
    file = source['file']
    # The manifest holds options in the JSON form that all languages share; `call` takes them as they stand.
    text = File.read(File.join(folder, file), encoding: 'UTF-8')
    report = JSON.parse(stream.call('ingest', JSON.generate(source.slice('adapter', 'options').merge(text: text))))
    # One bad record never keeps the others out, so what was left out has to be looked at.
    report['rejects'].each { |reject| warn "#{file}:#{reject['position']}: #{reject['reason']}" }
    report['applied']['refused'].each { |it| warn "#{file}, event #{it['position']}: #{it['reason']}" }
  end
  stream
end

# Of the releases that belong to it and are still open, the one that is due first.
def next_release(stream, application)
  belonging = stream.links(application).select { |link| link.kind == Vsm::LinkKind::BELONGS_TO }
  items = belonging.map { |link| stream.item(link.from) }
  open = items.select { |item| item.kind == Vsm::Kind::RELEASE && !CLOSED.include?(item.fields.state) }
  abort "#{application} has no open release" if open.empty?
  open.min_by { |item| item.fields.due_at&.to_f || Float::INFINITY }.id
end

# An enum's value is a number; its word is the constant that has it.
def word(enum, value)
  enum.constants.find { |name| enum.const_get(name) == value }.to_s.downcase
end

folder = ARGV.fetch(0, File.expand_path('../data', __dir__))
manifest = JSON.parse(File.read(File.join(folder, 'vsm.json'), encoding: 'UTF-8'))
stream = read(folder, manifest['sources'])
# Adds the links that no tool states: commits to issues, builds to commits, tags to releases.
stream.call('correlate', JSON.generate(rules: manifest['correlation']))

query = Vsm::OutlookQuery.new(
  release: next_release(stream, APPLICATION), at: Time.iso8601(manifest['now']), zone: manifest['zone']
)
puts stream.outlook_text(query), ''

outlook = stream.outlook(query)
# Ruby has no zones of its own; ENV['TZ'] is the C library's, and holds for the whole process.
ENV['TZ'] = outlook.zone
puts "#{outlook.title} ships on #{outlook.ships_at.getlocal.strftime('%Y-%m-%d')}"
outlook.stages.each { |it| puts "#{it.stage}: #{word(Vsm::Verdict, it.verdict)}, #{it.unmet} unmet" }
outlook.unmet.each do |fact|
  puts "#{fact.waits_for || 'nobody in particular'}: #{word(Vsm::Condition, fact.condition)} of #{fact.item}"
end
